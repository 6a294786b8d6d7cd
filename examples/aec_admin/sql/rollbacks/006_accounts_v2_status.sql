ALTER TABLE accounts_v2 DROP CONSTRAINT chk_accounts_v2_status;
