-- A code that was ever given is not given again, also after its account is deleted
-- depends: 002_accounts_v2
-- adr: 0001
--
-- The trigger comes after the row, so that INSERT … ON CONFLICT of an account that is there is no
-- second giving. The lock keeps accounts that are just being made from slipping past the copy.

LOCK TABLE accounts_v2 IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE account_codes (
  account_code text PRIMARY KEY
);

INSERT INTO account_codes (account_code) SELECT account_code FROM accounts_v2;

-- SECURITY DEFINER: whoever may make accounts needs no rights on the register.
CREATE FUNCTION accounts_v2_register_code() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.account_code = OLD.account_code THEN
    RETURN NULL;
  END IF;
  INSERT INTO public.account_codes (account_code) VALUES (NEW.account_code)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'account code % was given before, and codes are never recycled',
        NEW.account_code
      USING ERRCODE = 'unique_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
            COLUMN = 'account_code', CONSTRAINT = TG_NAME, HINT = 'Give the account a new code.';
  END IF;
  RETURN NULL;
END;
$$;

CREATE TRIGGER trg_accounts_v2_register_code
  AFTER INSERT OR UPDATE OF account_code ON accounts_v2
  FOR EACH ROW EXECUTE FUNCTION accounts_v2_register_code();

CREATE FUNCTION account_codes_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'account_codes only grows: % is not allowed', TG_OP
    USING ERRCODE = 'integrity_constraint_violation', SCHEMA = TG_TABLE_SCHEMA,
          TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END;
$$;

CREATE TRIGGER trg_account_codes_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON account_codes
  FOR EACH STATEMENT EXECUTE FUNCTION account_codes_refuse_change();
