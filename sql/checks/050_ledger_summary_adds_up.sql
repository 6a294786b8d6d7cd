-- ledger_summary adds up, on rows made for it
-- requires: 006_ledger_summary

INSERT INTO academic_sessions (id, name, start_date, end_date)
VALUES ('00000000-0000-4000-8000-00000000c001', 'of a check', '2000-06-01', '2001-03-31');
INSERT INTO student_fee_ledgers (id, student_id, class_id, academic_session_id, base_components)
VALUES ('00000000-0000-4000-8000-00000000c002', 'student-of-a-check-1', 'class-of-a-check',
        '00000000-0000-4000-8000-00000000c001', '[{"amount": 20000}, {"amount": 1500}]'),
       ('00000000-0000-4000-8000-00000000c003', 'student-of-a-check-2', 'class-of-a-check',
        '00000000-0000-4000-8000-00000000c001', '[]');
INSERT INTO ledger_adjustments (ledger_id, type, amount, reason, approved_by)
VALUES ('00000000-0000-4000-8000-00000000c002', 'DISCOUNT', -2000, 'made by a check', 'nobody'),
       ('00000000-0000-4000-8000-00000000c002', 'LATE_FEE', 250, 'made by a check', 'nobody');
INSERT INTO payments (ledger_id, student_id, amount, mode, collected_by)
VALUES ('00000000-0000-4000-8000-00000000c002', 'student-of-a-check-1', 5000, 'UPI', 'nobody'),
       ('00000000-0000-4000-8000-00000000c002', 'student-of-a-check-1', 7000, 'CASH', 'nobody');

SELECT expected.*, summary.base_total, summary.adjustments_total, summary.paid_total
  FROM (VALUES ('00000000-0000-4000-8000-00000000c002'::uuid, 21500, -1750, 12000),
               ('00000000-0000-4000-8000-00000000c003'::uuid, 0, 0, 0))
       AS expected (ledger_id, base, adjustments, paid)
  LEFT JOIN ledger_summary summary USING (ledger_id)
 WHERE (base, adjustments, paid)
       IS DISTINCT FROM (base_total, adjustments_total, paid_total);
