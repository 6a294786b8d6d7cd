-- The account that is there in every environment, and on which updated_at is verified

INSERT INTO accounts_v2
  (account_code, account_name, type, service, country, start_year, status, created_at, updated_at)
VALUES
  ('001', 'House account', 'institution', 'TF', NULL, 2021, 'active',
   '2025-09-11 16:06:28.898529+00', '2025-09-11 16:06:28.898529+00')
ON CONFLICT (account_code) DO NOTHING;
