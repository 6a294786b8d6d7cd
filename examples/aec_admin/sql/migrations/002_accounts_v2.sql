-- Billing accounts under codes that never change
-- adr: 0001
--
-- is_active is derived, so the database derives it: decision record 0002.

CREATE TABLE accounts_v2 (
  account_code text PRIMARY KEY
    CONSTRAINT chk_accounts_v2_account_code CHECK (account_code ~ '^[0-9A-Z]+(-[0-9A-Z]+)*$'),
  account_name text NOT NULL,
  type text NOT NULL,
  service text NOT NULL,
  country text,
  start_year int,
  status text NOT NULL,
  is_active boolean NOT NULL GENERATED ALWAYS AS (status = 'active') STORED,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
