-- One fee ledger for each student and session
-- depends: 002_academic_sessions

CREATE TABLE student_fee_ledgers (
  id UUID PRIMARY KEY DEFAULT uuid_generate_v4(),
  student_id TEXT NOT NULL,
  class_id TEXT NOT NULL,
  academic_session_id UUID NOT NULL REFERENCES academic_sessions(id),
  base_components JSONB NOT NULL,
  created_at TIMESTAMP DEFAULT NOW(),
  UNIQUE (student_id, academic_session_id)
);
