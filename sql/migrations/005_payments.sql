-- Payments received, append-only
-- depends: 003_student_fee_ledgers

CREATE TABLE payments (
  id UUID PRIMARY KEY DEFAULT uuid_generate_v4(),
  ledger_id UUID NOT NULL REFERENCES student_fee_ledgers(id) ON DELETE RESTRICT,
  student_id TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  mode TEXT NOT NULL CHECK (mode IN ('CASH','UPI','BANK','CARD','CHEQUE')),
  reference TEXT,
  collected_by TEXT NOT NULL,
  created_at TIMESTAMP DEFAULT NOW()
);

REVOKE UPDATE, DELETE ON payments FROM PUBLIC;
