ALTER TABLE accounts_v2
  DROP CONSTRAINT chk_accounts_v2_account_name,
  DROP CONSTRAINT chk_accounts_v2_country;
