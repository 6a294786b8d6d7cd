-- A name is never blank; a country may be unknown, but not blank
-- depends: 002_accounts_v2
-- adr: 0004

ALTER TABLE accounts_v2
  ADD CONSTRAINT chk_accounts_v2_account_name CHECK (account_name ~ '\S'),
  ADD CONSTRAINT chk_accounts_v2_country CHECK (country ~ '\S');
