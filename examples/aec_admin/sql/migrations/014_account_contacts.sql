-- People to talk to about an account
-- depends: 002_accounts_v2
-- adr: 0001

CREATE TABLE account_contacts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_code text NOT NULL
    CONSTRAINT fk_account_contacts_account_code REFERENCES accounts_v2 ON UPDATE CASCADE,
  full_name text NOT NULL,
  role text NOT NULL,
  email text,
  phone text,
  is_primary boolean NOT NULL DEFAULT false
);

CREATE INDEX idx_account_contacts_account_code ON account_contacts (account_code);
