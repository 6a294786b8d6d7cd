-- A ledger of a session that does not exist is refused
-- expect: error foreign_key_violation
-- requires: 003_student_fee_ledgers

INSERT INTO student_fee_ledgers (student_id, class_id, academic_session_id, base_components)
VALUES ('student-of-a-check', 'class-of-a-check', '00000000-0000-4000-8000-00000000c001', '[]');
