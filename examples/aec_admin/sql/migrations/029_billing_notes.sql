-- What the totals and the old account numbers mean
-- depends: 019_legacy_account_keys 025_v_invoice_settlements

COMMENT ON TABLE legacy_account_keys IS
  'Maps each account number of the old system to one account code. Kept for rollbacks';
COMMENT ON COLUMN legacy_account_keys.account_id IS 'The number of the account in the old system';

COMMENT ON VIEW v_invoice_settlements IS
  'What each account was invoiced, has paid and owes, ordered by account_code. It includes every account';
COMMENT ON COLUMN v_invoice_settlements.outstanding_total IS 'Negative if more was paid';
