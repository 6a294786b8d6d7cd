COMMENT ON TABLE legacy_account_keys IS NULL;
COMMENT ON COLUMN legacy_account_keys.account_id IS NULL;
COMMENT ON VIEW v_invoice_settlements IS NULL;
COMMENT ON COLUMN v_invoice_settlements.outstanding_total IS NULL;
