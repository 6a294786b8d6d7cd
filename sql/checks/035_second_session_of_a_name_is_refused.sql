-- A second session of one name is refused
-- expect: error unique_violation
-- requires: 002_academic_sessions

INSERT INTO academic_sessions (name, start_date, end_date)
VALUES ('of a check', '2000-06-01', '2001-03-31'), ('of a check', '2000-06-01', '2001-03-31');
