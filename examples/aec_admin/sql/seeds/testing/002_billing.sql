-- Billing rows for the planned migrations: `rollback 020` gives them their old numbers, `apply`
-- moves them to their codes again

INSERT INTO legacy_account_keys (account_id, account_code)
VALUES (17, '002'), (42, '003-A')
ON CONFLICT (account_id) DO NOTHING;

INSERT INTO learning_cycles
  (id, account_code, title, starts_on, ends_on, created_at, updated_at)
VALUES
  ('00000000-0000-4000-8000-000000001401', '002', 'Cycle', '2024-01-08', '2024-03-29',
   '2024-01-05 08:00:00+00', '2024-01-05 08:00:00+00'),
  ('00000000-0000-4000-8000-000000001402', '003-A', 'Open cycle', '2024-02-05', NULL,
   '2024-02-01 08:00:00+00', '2024-02-01 08:00:00+00')
ON CONFLICT (id) DO NOTHING;

INSERT INTO invoices
  (id, account_code, invoice_no, learning_cycle_id, amount, issued_on, created_at, updated_at)
VALUES
  ('00000000-0000-4000-8000-000000001501', '002', 'TEST-0001',
   '00000000-0000-4000-8000-000000001401', 100.10, '2024-01-08',
   '2024-01-08 08:00:00+00', '2024-01-08 08:00:00+00'),
  ('00000000-0000-4000-8000-000000001502', '003-A', 'TEST-0002', NULL, 200.20, '2024-02-05',
   '2024-02-05 08:00:00+00', '2024-02-05 08:00:00+00')
ON CONFLICT (id) DO NOTHING;

INSERT INTO payments
  (id, account_code, invoice_id, amount, paid_on, created_at, updated_at)
VALUES
  ('00000000-0000-4000-8000-000000001601', '002',
   '00000000-0000-4000-8000-000000001501', 60.05, '2024-01-10',
   '2024-01-10 08:00:00+00', '2024-01-10 08:00:00+00'),
  ('00000000-0000-4000-8000-000000001602', '002',
   '00000000-0000-4000-8000-000000001501', 40.05, '2024-01-20',
   '2024-01-20 08:00:00+00', '2024-01-20 08:00:00+00')
ON CONFLICT (id) DO NOTHING;
