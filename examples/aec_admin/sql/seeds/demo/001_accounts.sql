-- A family, a school with a branch, a prospect and one that left

INSERT INTO accounts_v2
  (account_code, account_name, type, service, country, start_year, status)
VALUES
  ('002', 'Jewel & Jembry', 'individual', 'PW', 'Philippines', 2023, 'active'),
  ('003', 'Harbour Academy', 'institution', 'CD', 'Singapore', 2022, 'active'),
  ('003-A', 'Harbour Academy, Management', 'institution', 'LE', 'Singapore', 2024, 'active'),
  ('004', 'Aiko Tanaka', 'individual', 'TF', 'Japan', NULL, 'prospect'),
  ('005', 'Riverside Tutors', 'institution', 'TF', NULL, 2021, 'inactive')
ON CONFLICT (account_code) DO NOTHING;
