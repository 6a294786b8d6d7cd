-- All tables and views of the finance subsystem exist
-- requires: 006_ledger_summary

SELECT expected AS missing
  FROM unnest(ARRAY['academic_sessions', 'student_fee_ledgers', 'ledger_adjustments', 'payments',
                    'ledger_summary']) AS expected
 WHERE to_regclass(expected) IS NULL;
