-- Discounts, concessions, waivers, extras and late fees on a ledger
-- depends: 003_student_fee_ledgers

CREATE TABLE ledger_adjustments (
  id UUID PRIMARY KEY DEFAULT uuid_generate_v4(),
  ledger_id UUID NOT NULL REFERENCES student_fee_ledgers(id) ON DELETE CASCADE,
  type TEXT NOT NULL CHECK (type IN ('DISCOUNT','CONCESSION','WAIVER','EXTRA','LATE_FEE')),
  amount INTEGER NOT NULL,
  reason TEXT NOT NULL,
  approved_by TEXT NOT NULL,
  created_at TIMESTAMP DEFAULT NOW()
);
