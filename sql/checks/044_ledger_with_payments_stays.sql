-- A ledger with payments cannot be removed
--
-- PostgreSQL 18 has an error of its own for ON DELETE RESTRICT.
-- expect: error foreign_key_violation or restrict_violation
-- requires: 005_payments

INSERT INTO academic_sessions (id, name, start_date, end_date)
VALUES ('00000000-0000-4000-8000-00000000c001', 'of a check', '2000-06-01', '2001-03-31');
INSERT INTO student_fee_ledgers (id, student_id, class_id, academic_session_id, base_components)
VALUES ('00000000-0000-4000-8000-00000000c002', 'student-of-a-check', 'class-of-a-check',
        '00000000-0000-4000-8000-00000000c001', '[]');
INSERT INTO payments (ledger_id, student_id, amount, mode, collected_by)
VALUES ('00000000-0000-4000-8000-00000000c002', 'student-of-a-check', 100, 'CASH', 'nobody');
DELETE FROM student_fee_ledgers WHERE id = '00000000-0000-4000-8000-00000000c002';
