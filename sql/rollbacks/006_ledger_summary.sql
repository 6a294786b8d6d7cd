DROP VIEW ledger_summary;
