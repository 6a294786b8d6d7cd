-- Undo 021_account_code_backfill
-- touches: invoices: the code goes, which the number stands for
-- touches: payments: the code goes, which the number stands for
--
-- The triggers rest meanwhile, or they would fill the codes in again. Rows that had a code before
-- the backfill lose it too, and get it back with the next: it follows from the number.

ALTER TABLE learning_cycles DISABLE TRIGGER trg_learning_cycles_account_keys;
ALTER TABLE invoices DISABLE TRIGGER trg_invoices_account_keys;
ALTER TABLE payments DISABLE TRIGGER trg_payments_account_keys;

UPDATE learning_cycles SET account_code = NULL WHERE account_code IS NOT NULL;
UPDATE invoices SET account_code = NULL WHERE account_code IS NOT NULL;
UPDATE payments SET account_code = NULL WHERE account_code IS NOT NULL;

ALTER TABLE learning_cycles ENABLE TRIGGER trg_learning_cycles_account_keys;
ALTER TABLE invoices ENABLE TRIGGER trg_invoices_account_keys;
ALTER TABLE payments ENABLE TRIGGER trg_payments_account_keys;
