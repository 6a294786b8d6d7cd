DROP VIEW v_accounts_summary;
