DROP TRIGGER trg_accounts_v2_code_immutable ON accounts_v2;
DROP FUNCTION accounts_v2_refuse_new_code();
