-- Every cycle, invoice and payment has an account code that is there and fits its old number
-- depends: 022_account_code_guard
-- adr: 0007
--
-- Reads the whole tables under a lock that lets others read and write.

ALTER TABLE learning_cycles
  VALIDATE CONSTRAINT chk_learning_cycles_account_code,
  VALIDATE CONSTRAINT fk_learning_cycles_account_code,
  VALIDATE CONSTRAINT fk_learning_cycles_account_keys;

ALTER TABLE invoices
  VALIDATE CONSTRAINT chk_invoices_account_code,
  VALIDATE CONSTRAINT fk_invoices_account_code,
  VALIDATE CONSTRAINT fk_invoices_account_keys;

ALTER TABLE payments
  VALIDATE CONSTRAINT chk_payments_account_code,
  VALIDATE CONSTRAINT fk_payments_account_code,
  VALIDATE CONSTRAINT fk_payments_account_keys;
