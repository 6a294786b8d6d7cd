-- Contacts, two of one role where only one may be primary

INSERT INTO account_contacts (id, account_code, full_name, role, email, phone, is_primary)
VALUES
  ('00000000-0000-4000-8000-000000000201', '002', 'Mara Reyes', 'Mother',
   'mara@example.com', NULL, true),
  ('00000000-0000-4000-8000-000000000202', '002', 'Jewel Reyes', 'Learner', NULL, NULL, true),
  ('00000000-0000-4000-8000-000000000203', '002', 'Jembry Reyes', 'Learner', NULL, NULL, false),
  ('00000000-0000-4000-8000-000000000204', '003-A', 'Wei Tan', 'HR Manager',
   'hr@example.org', NULL, true)
ON CONFLICT (id) DO NOTHING;
