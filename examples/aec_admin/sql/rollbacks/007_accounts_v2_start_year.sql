DROP TRIGGER trg_accounts_v2_start_year ON accounts_v2;
DROP FUNCTION accounts_v2_check_start_year();
DROP FUNCTION accounts_v2_last_start_year(timestamptz);
