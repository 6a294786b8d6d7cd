-- The academic session that the school opens with
--
-- The id and the time are fixed, so that every environment has the same row; a session of that
-- name which somebody entered before is left as it is.

INSERT INTO academic_sessions (id, name, start_date, end_date, created_at)
VALUES ('2d1f6b52-0c57-4a3e-9a55-202520260001', '2025-26', '2025-06-01', '2026-03-31',
        '2025-04-01 00:00:00')
ON CONFLICT DO NOTHING;
