DROP TABLE ledger_adjustments;
