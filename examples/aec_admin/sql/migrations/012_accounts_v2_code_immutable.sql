-- An account keeps its code
-- depends: 002_accounts_v2
-- adr: 0001

CREATE FUNCTION accounts_v2_refuse_new_code() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'account code % is immutable: it cannot become %',
      OLD.account_code, NEW.account_code
    USING ERRCODE = 'integrity_constraint_violation', SCHEMA = TG_TABLE_SCHEMA,
          TABLE = TG_TABLE_NAME, COLUMN = 'account_code', CONSTRAINT = TG_NAME,
          HINT = 'Make a new account, and set this one inactive.';
END;
$$;

CREATE TRIGGER trg_accounts_v2_code_immutable
  BEFORE UPDATE ON accounts_v2
  FOR EACH ROW WHEN (NEW.account_code IS DISTINCT FROM OLD.account_code)
  EXECUTE FUNCTION accounts_v2_refuse_new_code();
