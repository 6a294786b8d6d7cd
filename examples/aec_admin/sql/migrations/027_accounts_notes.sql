-- What accounts and their columns mean
-- depends: 002_accounts_v2 005_accounts_v2_service 011_accounts_v2_updated_at_baseline
-- depends: 013_account_codes 017_v_accounts_summary

COMMENT ON TABLE accounts_v2 IS
  'A billing entity and its learner identity (individual or institution)';
COMMENT ON COLUMN accounts_v2.account_code IS 'Business identifier (001, 003-A, …); immutable';
COMMENT ON COLUMN accounts_v2.account_name IS 'Display name (who this account is for)';
COMMENT ON COLUMN accounts_v2.type IS 'individual or institution';
COMMENT ON COLUMN accounts_v2.service IS 'TF, CD, PW or LE (extendable)';
COMMENT ON COLUMN accounts_v2.country IS 'Prefer ISO country name; NULL if unknown, never blank';
COMMENT ON COLUMN accounts_v2.start_year IS 'First paying year (NULL for prospects)';
COMMENT ON COLUMN accounts_v2.status IS 'prospect, active or inactive';
COMMENT ON COLUMN accounts_v2.is_active IS 'Derived: whether the status is active';
COMMENT ON COLUMN accounts_v2.created_at IS 'Audit';
COMMENT ON COLUMN accounts_v2.updated_at IS 'Audit';

COMMENT ON TABLE account_services IS 'The list of services. To add a service, add a row';
COMMENT ON COLUMN account_services.service IS 'Capital letters';
COMMENT ON TABLE account_codes IS 'Every code that an account ever had. Rows are only added';
COMMENT ON COLUMN account_codes.account_code IS 'Kept when its account is deleted';
COMMENT ON TABLE accounts_v2_before_baseline IS
  'The values of updated_at before the baseline, for the rollback of 011';

COMMENT ON VIEW v_accounts_summary IS
  'Simple rollup for UI lists and sanity checks, ordered by account_code. Extend it when the UI needs more fields';
COMMENT ON COLUMN v_accounts_summary.contacts_count IS 'Linked contacts per account; 0 if none';
