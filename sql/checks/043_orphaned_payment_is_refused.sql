-- A payment to a ledger that does not exist is refused
-- expect: error foreign_key_violation
-- requires: 005_payments

INSERT INTO payments (ledger_id, student_id, amount, mode, collected_by)
VALUES ('00000000-0000-4000-8000-00000000c002', 'student-of-a-check', 100, 'CASH', 'nobody');
