-- Cycles, invoices and payments may carry the account code beside the old number
-- depends: 018_legacy_billing 019_legacy_account_keys
-- adr: 0007
--
-- Old programs write the number, new ones the code, and a trigger adds the other, so that both
-- work until 024. A number that has no code yet is accepted without one. The foreign keys are NOT
-- VALID to spare a reading of tables in which no row has a code yet.

ALTER TABLE learning_cycles
  ADD COLUMN account_code text,
  ADD CONSTRAINT fk_learning_cycles_account_code
    FOREIGN KEY (account_code) REFERENCES accounts_v2 NOT VALID,
  ADD CONSTRAINT fk_learning_cycles_account_keys FOREIGN KEY (account_id, account_code)
    REFERENCES legacy_account_keys (account_id, account_code) NOT VALID;

ALTER TABLE invoices
  ADD COLUMN account_code text,
  ADD CONSTRAINT fk_invoices_account_code
    FOREIGN KEY (account_code) REFERENCES accounts_v2 NOT VALID,
  ADD CONSTRAINT fk_invoices_account_keys FOREIGN KEY (account_id, account_code)
    REFERENCES legacy_account_keys (account_id, account_code) NOT VALID;

ALTER TABLE payments
  ADD COLUMN account_code text,
  ADD CONSTRAINT fk_payments_account_code
    FOREIGN KEY (account_code) REFERENCES accounts_v2 NOT VALID,
  ADD CONSTRAINT fk_payments_account_keys FOREIGN KEY (account_id, account_code)
    REFERENCES legacy_account_keys (account_id, account_code) NOT VALID;

CREATE FUNCTION billing_sync_account_keys() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  -- Of a pair, the key that was written counts.
  IF TG_OP = 'UPDATE' THEN
    IF NEW.account_id <> OLD.account_id
       AND NEW.account_code IS NOT DISTINCT FROM OLD.account_code THEN
      NEW.account_code := NULL;
    ELSIF NEW.account_code <> OLD.account_code AND NEW.account_id = OLD.account_id THEN
      NEW.account_id := NULL;
    END IF;
  END IF;
  IF NEW.account_code IS NULL THEN
    SELECT k.account_code INTO NEW.account_code
    FROM public.legacy_account_keys k WHERE k.account_id = NEW.account_id;
  ELSIF NEW.account_id IS NULL THEN
    SELECT k.account_id INTO NEW.account_id
    FROM public.legacy_account_keys k WHERE k.account_code = NEW.account_code;
  END IF;
  RETURN NEW;
END;
$$;

CREATE TRIGGER trg_learning_cycles_account_keys
  BEFORE INSERT OR UPDATE OF account_id, account_code ON learning_cycles
  FOR EACH ROW EXECUTE FUNCTION billing_sync_account_keys();

CREATE TRIGGER trg_invoices_account_keys
  BEFORE INSERT OR UPDATE OF account_id, account_code ON invoices
  FOR EACH ROW EXECUTE FUNCTION billing_sync_account_keys();

CREATE TRIGGER trg_payments_account_keys
  BEFORE INSERT OR UPDATE OF account_id, account_code ON payments
  FOR EACH ROW EXECUTE FUNCTION billing_sync_account_keys();
