ALTER TABLE learning_cycles DROP CONSTRAINT chk_learning_cycles_account_code;
ALTER TABLE invoices DROP CONSTRAINT chk_invoices_account_code;
ALTER TABLE payments DROP CONSTRAINT chk_payments_account_code;

DROP INDEX idx_learning_cycles_account_code;
DROP INDEX idx_invoices_account_code;
DROP INDEX idx_payments_account_code;
