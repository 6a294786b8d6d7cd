-- Every change of an account sets its updated_at
-- depends: 001_set_updated_at 002_accounts_v2

CREATE TRIGGER trg_accounts_v2_updated_at
  BEFORE UPDATE ON accounts_v2
  FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();
