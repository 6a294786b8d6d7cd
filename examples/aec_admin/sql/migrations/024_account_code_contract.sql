-- Cycles, invoices and payments are known by the account code alone
-- depends: 023_account_code_validate
-- adr: 0007
-- touches: invoices: the number goes, which the code stands for
-- touches: payments: the number goes, which the code stands for
--
-- The numbers stay known in legacy_account_keys. SET NOT NULL reads no row: it takes the word of
-- the constraint that was validated.

DROP TRIGGER trg_learning_cycles_account_keys ON learning_cycles;
DROP TRIGGER trg_invoices_account_keys ON invoices;
DROP TRIGGER trg_payments_account_keys ON payments;
DROP FUNCTION billing_sync_account_keys();

ALTER TABLE learning_cycles ALTER COLUMN account_code SET NOT NULL;
ALTER TABLE learning_cycles
  DROP CONSTRAINT chk_learning_cycles_account_code,
  DROP CONSTRAINT fk_learning_cycles_account_keys,
  DROP COLUMN account_id;

ALTER TABLE invoices ALTER COLUMN account_code SET NOT NULL;
ALTER TABLE invoices
  DROP CONSTRAINT chk_invoices_account_code,
  DROP CONSTRAINT fk_invoices_account_keys,
  DROP COLUMN account_id;

ALTER TABLE payments ALTER COLUMN account_code SET NOT NULL;
ALTER TABLE payments
  DROP CONSTRAINT chk_payments_account_code,
  DROP CONSTRAINT fk_payments_account_keys,
  DROP COLUMN account_id;
