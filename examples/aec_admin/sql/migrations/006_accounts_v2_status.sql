-- An account is a prospect, active or inactive
-- depends: 002_accounts_v2

ALTER TABLE accounts_v2
  ADD CONSTRAINT chk_accounts_v2_status CHECK (status IN ('prospect', 'active', 'inactive'));
