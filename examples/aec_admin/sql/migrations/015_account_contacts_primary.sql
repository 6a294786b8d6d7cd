-- At most one primary contact for each role of an account
-- depends: 014_account_contacts

CREATE UNIQUE INDEX uq_account_contacts_primary
  ON account_contacts (account_code, role) WHERE is_primary;
