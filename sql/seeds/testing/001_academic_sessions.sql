-- A session that is over, for tests of what belongs to which session

INSERT INTO academic_sessions (id, name, start_date, end_date, created_at)
VALUES ('2d1f6b52-0c57-4a3e-9a55-202420250001', '2024-25', '2024-06-01', '2025-03-31',
        '2024-04-01 00:00:00')
ON CONFLICT DO NOTHING;
