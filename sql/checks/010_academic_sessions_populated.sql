-- academic_sessions is populated
-- expect: rows
-- requires: 002_academic_sessions
-- after: seeds

SELECT name FROM academic_sessions;
