-- Every change of a cycle, invoice or payment sets its updated_at
-- depends: 001_set_updated_at 024_account_code_contract
--
-- After the move, which is no change of theirs.

CREATE TRIGGER trg_learning_cycles_updated_at
  BEFORE UPDATE ON learning_cycles
  FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();

CREATE TRIGGER trg_invoices_updated_at
  BEFORE UPDATE ON invoices
  FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();

CREATE TRIGGER trg_payments_updated_at
  BEFORE UPDATE ON payments
  FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();
