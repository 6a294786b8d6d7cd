-- ledger_summary agrees with the rows of every ledger, added up another way
-- requires: 006_ledger_summary

WITH bases AS (
  SELECT l.id AS ledger_id, sum((component ->> 'amount')::int) AS total
    FROM student_fee_ledgers l, jsonb_array_elements(l.base_components) component
   GROUP BY l.id
), adjustments AS (
  SELECT ledger_id, sum(amount) AS total FROM ledger_adjustments GROUP BY ledger_id
), paid AS (
  SELECT ledger_id, sum(amount) AS total FROM payments GROUP BY ledger_id
)
SELECT l.id AS ledger_id, s.base_total, bases.total AS base, s.adjustments_total,
       adjustments.total AS adjustments, s.paid_total, paid.total AS paid
  FROM student_fee_ledgers l
  LEFT JOIN ledger_summary s ON s.ledger_id = l.id
  LEFT JOIN bases ON bases.ledger_id = l.id
  LEFT JOIN adjustments ON adjustments.ledger_id = l.id
  LEFT JOIN paid ON paid.ledger_id = l.id
 WHERE (s.base_total, s.adjustments_total, s.paid_total) IS DISTINCT FROM
       (coalesce(bases.total, 0), coalesce(adjustments.total, 0), coalesce(paid.total, 0));
