DROP TRIGGER trg_accounts_v2_updated_at ON accounts_v2;
