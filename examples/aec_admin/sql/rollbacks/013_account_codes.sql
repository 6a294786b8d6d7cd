DROP TRIGGER trg_accounts_v2_register_code ON accounts_v2;
DROP FUNCTION accounts_v2_register_code();
DROP TABLE account_codes;
DROP FUNCTION account_codes_refuse_change();
