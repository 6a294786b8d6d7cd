-- The fewest accounts that show every status and both forms of codes

INSERT INTO accounts_v2
  (account_code, account_name, type, service, country, start_year, status, created_at, updated_at)
VALUES
  ('002', 'Individual', 'individual', 'CD', 'Japan', 2024, 'active',
   '2025-09-15 08:00:00+00', '2025-09-15 08:00:00+00'),
  ('003-A', 'Institution', 'institution', 'PW', 'Singapore', 2022, 'inactive',
   '2025-09-15 08:00:00+00', '2025-09-15 08:00:00+00'),
  ('004', 'Prospect', 'individual', 'LE', NULL, NULL, 'prospect',
   '2025-09-15 08:00:00+00', '2025-09-15 08:00:00+00')
ON CONFLICT (account_code) DO NOTHING;

INSERT INTO account_contacts (id, account_code, full_name, role, is_primary)
VALUES ('00000000-0000-4000-8000-000000001201', '003-A', 'Contact', 'HR Manager', true)
ON CONFLICT (id) DO NOTHING;

INSERT INTO account_learners (id, account_code, learner_label, is_group, created_at)
VALUES
  ('00000000-0000-4000-8000-000000001301', '003-A', 'Group', true, '2025-09-15 08:00:00+00')
ON CONFLICT (id) DO NOTHING;
