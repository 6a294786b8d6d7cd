-- An adjustment of a ledger that does not exist is refused
-- expect: error foreign_key_violation
-- requires: 004_ledger_adjustments

INSERT INTO ledger_adjustments (ledger_id, type, amount, reason, approved_by)
VALUES ('00000000-0000-4000-8000-00000000c002', 'WAIVER', -100, 'tried by a check', 'nobody');
