-- The first paying year lies between 2021 and next year
-- depends: 002_accounts_v2
-- adr: 0005
--
-- A trigger and no CHECK, because the upper bound moves with the calendar. It asks only when a
-- year is written: rows that are there already are the sanity check's to find.

CREATE FUNCTION accounts_v2_last_start_year(moment timestamptz DEFAULT now()) RETURNS int
LANGUAGE sql IMMUTABLE
RETURN extract(year FROM moment AT TIME ZONE 'UTC')::int + 1;

CREATE FUNCTION accounts_v2_check_start_year() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.start_year NOT BETWEEN 2021 AND public.accounts_v2_last_start_year() THEN
    RAISE EXCEPTION 'start_year % of account % is not between 2021 and %',
        NEW.start_year, NEW.account_code, public.accounts_v2_last_start_year()
      USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
            COLUMN = 'start_year', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END;
$$;

CREATE TRIGGER trg_accounts_v2_start_year
  BEFORE INSERT OR UPDATE OF start_year ON accounts_v2
  FOR EACH ROW EXECUTE FUNCTION accounts_v2_check_start_year();
