-- An account is an individual or an institution
-- depends: 002_accounts_v2

ALTER TABLE accounts_v2
  ADD CONSTRAINT chk_accounts_v2_type CHECK (type IN ('individual', 'institution'));
