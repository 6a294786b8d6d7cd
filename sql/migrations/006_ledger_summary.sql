-- What each ledger charges, adjusts and has been paid, derived
-- depends: 004_ledger_adjustments 005_payments

CREATE VIEW ledger_summary AS
SELECT
  l.id AS ledger_id,
  l.student_id,
  l.class_id,
  (
    SELECT COALESCE(SUM((c->>'amount')::INT), 0)
    FROM jsonb_array_elements(l.base_components) c
  ) AS base_total,
  COALESCE((
    SELECT SUM(a.amount)
    FROM ledger_adjustments a
    WHERE a.ledger_id = l.id
  ), 0) AS adjustments_total,
  COALESCE((
    SELECT SUM(p.amount)
    FROM payments p
    WHERE p.ledger_id = l.id
  ), 0) AS paid_total
FROM student_fee_ledgers l;
