-- Undo 020_account_code_expand
-- touches: invoices: the code goes, which the number stands for
-- touches: payments: the code goes, which the number stands for

DROP TRIGGER trg_learning_cycles_account_keys ON learning_cycles;
DROP TRIGGER trg_invoices_account_keys ON invoices;
DROP TRIGGER trg_payments_account_keys ON payments;
DROP FUNCTION billing_sync_account_keys();

-- The foreign keys go with the column. No row loses its account, which its number still tells.
ALTER TABLE learning_cycles DROP COLUMN account_code;
ALTER TABLE invoices DROP COLUMN account_code;
ALTER TABLE payments DROP COLUMN account_code;
