-- Undo 024_account_code_contract
-- touches: invoices: each row gets the number of its account
-- touches: payments: each row gets the number of its account
--
-- Brings the old numbers back. An account that came after the old system has none: if it has been
-- billed, it gets the next, for no row may be left behind.

INSERT INTO legacy_account_keys (account_id, account_code)
SELECT
  (SELECT coalesce(max(account_id), 0) FROM legacy_account_keys)
    + row_number() OVER (ORDER BY account_code),
  account_code
FROM (
  SELECT account_code FROM learning_cycles
  UNION SELECT account_code FROM invoices
  UNION SELECT account_code FROM payments
  EXCEPT SELECT account_code FROM legacy_account_keys
) AS without_number;

-- The code moves behind the number, where it was: what reads columns by their order depends on it.

ALTER TABLE learning_cycles RENAME COLUMN account_code TO moved_account_code;
ALTER TABLE learning_cycles ADD COLUMN account_id int, ADD COLUMN account_code text;
UPDATE learning_cycles b
SET account_id = k.account_id, account_code = k.account_code
FROM legacy_account_keys k
WHERE k.account_code = b.moved_account_code;
ALTER TABLE learning_cycles DROP COLUMN moved_account_code;
ALTER TABLE learning_cycles
  ALTER COLUMN account_id SET NOT NULL,
  ADD CONSTRAINT chk_learning_cycles_account_code CHECK (account_code IS NOT NULL),
  ADD CONSTRAINT fk_learning_cycles_account_code
    FOREIGN KEY (account_code) REFERENCES accounts_v2,
  ADD CONSTRAINT fk_learning_cycles_account_keys FOREIGN KEY (account_id, account_code)
    REFERENCES legacy_account_keys (account_id, account_code);
CREATE INDEX idx_learning_cycles_account_code ON learning_cycles (account_code);

ALTER TABLE invoices RENAME COLUMN account_code TO moved_account_code;
ALTER TABLE invoices ADD COLUMN account_id int, ADD COLUMN account_code text;
UPDATE invoices b
SET account_id = k.account_id, account_code = k.account_code
FROM legacy_account_keys k
WHERE k.account_code = b.moved_account_code;
ALTER TABLE invoices DROP COLUMN moved_account_code;
ALTER TABLE invoices
  ALTER COLUMN account_id SET NOT NULL,
  ADD CONSTRAINT chk_invoices_account_code CHECK (account_code IS NOT NULL),
  ADD CONSTRAINT fk_invoices_account_code
    FOREIGN KEY (account_code) REFERENCES accounts_v2,
  ADD CONSTRAINT fk_invoices_account_keys FOREIGN KEY (account_id, account_code)
    REFERENCES legacy_account_keys (account_id, account_code);
CREATE INDEX idx_invoices_account_code ON invoices (account_code);

ALTER TABLE payments RENAME COLUMN account_code TO moved_account_code;
ALTER TABLE payments ADD COLUMN account_id int, ADD COLUMN account_code text;
UPDATE payments b
SET account_id = k.account_id, account_code = k.account_code
FROM legacy_account_keys k
WHERE k.account_code = b.moved_account_code;
ALTER TABLE payments DROP COLUMN moved_account_code;
ALTER TABLE payments
  ALTER COLUMN account_id SET NOT NULL,
  ADD CONSTRAINT chk_payments_account_code CHECK (account_code IS NOT NULL),
  ADD CONSTRAINT fk_payments_account_code
    FOREIGN KEY (account_code) REFERENCES accounts_v2,
  ADD CONSTRAINT fk_payments_account_keys FOREIGN KEY (account_id, account_code)
    REFERENCES legacy_account_keys (account_id, account_code);
CREATE INDEX idx_payments_account_code ON payments (account_code);

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
