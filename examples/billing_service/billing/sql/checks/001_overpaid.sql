-- No invoice is paid more than once over
-- requires: 002_payments

SELECT invoice, sum(payments.amount) AS paid, invoices.amount
  FROM payments
  JOIN invoices ON invoices.number = payments.invoice
 GROUP BY invoice, invoices.amount
HAVING sum(payments.amount) > invoices.amount;
