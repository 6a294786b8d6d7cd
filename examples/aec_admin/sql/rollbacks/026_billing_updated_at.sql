DROP TRIGGER trg_learning_cycles_updated_at ON learning_cycles;
DROP TRIGGER trg_invoices_updated_at ON invoices;
DROP TRIGGER trg_payments_updated_at ON payments;
