DROP TABLE academic_sessions;
