-- A constraint cannot be made invalid, so each is made anew, as 020 and 022 made it.

ALTER TABLE learning_cycles
  DROP CONSTRAINT chk_learning_cycles_account_code,
  DROP CONSTRAINT fk_learning_cycles_account_code,
  DROP CONSTRAINT fk_learning_cycles_account_keys,
  ADD CONSTRAINT chk_learning_cycles_account_code CHECK (account_code IS NOT NULL) NOT VALID,
  ADD CONSTRAINT fk_learning_cycles_account_code
    FOREIGN KEY (account_code) REFERENCES accounts_v2 NOT VALID,
  ADD CONSTRAINT fk_learning_cycles_account_keys FOREIGN KEY (account_id, account_code)
    REFERENCES legacy_account_keys (account_id, account_code) NOT VALID;

ALTER TABLE invoices
  DROP CONSTRAINT chk_invoices_account_code,
  DROP CONSTRAINT fk_invoices_account_code,
  DROP CONSTRAINT fk_invoices_account_keys,
  ADD CONSTRAINT chk_invoices_account_code CHECK (account_code IS NOT NULL) NOT VALID,
  ADD CONSTRAINT fk_invoices_account_code
    FOREIGN KEY (account_code) REFERENCES accounts_v2 NOT VALID,
  ADD CONSTRAINT fk_invoices_account_keys FOREIGN KEY (account_id, account_code)
    REFERENCES legacy_account_keys (account_id, account_code) NOT VALID;

ALTER TABLE payments
  DROP CONSTRAINT chk_payments_account_code,
  DROP CONSTRAINT fk_payments_account_code,
  DROP CONSTRAINT fk_payments_account_keys,
  ADD CONSTRAINT chk_payments_account_code CHECK (account_code IS NOT NULL) NOT VALID,
  ADD CONSTRAINT fk_payments_account_code
    FOREIGN KEY (account_code) REFERENCES accounts_v2 NOT VALID,
  ADD CONSTRAINT fk_payments_account_keys FOREIGN KEY (account_id, account_code)
    REFERENCES legacy_account_keys (account_id, account_code) NOT VALID;
