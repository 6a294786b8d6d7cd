-- From now on no cycle, invoice or payment is written without its account code
-- depends: 021_account_code_backfill
-- adr: 0007
--
-- NOT VALID, and validated by the next: this one holds the tables only while it builds the
-- indexes, about 0.1 s for 200,000 rows.

CREATE INDEX idx_learning_cycles_account_code ON learning_cycles (account_code);
CREATE INDEX idx_invoices_account_code ON invoices (account_code);
CREATE INDEX idx_payments_account_code ON payments (account_code);

ALTER TABLE learning_cycles
  ADD CONSTRAINT chk_learning_cycles_account_code CHECK (account_code IS NOT NULL) NOT VALID;

ALTER TABLE invoices
  ADD CONSTRAINT chk_invoices_account_code CHECK (account_code IS NOT NULL) NOT VALID;

ALTER TABLE payments
  ADD CONSTRAINT chk_payments_account_code CHECK (account_code IS NOT NULL) NOT VALID;
