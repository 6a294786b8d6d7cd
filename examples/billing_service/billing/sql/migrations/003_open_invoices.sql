-- Invoices of which something is left to pay
-- depends: 002_payments

CREATE VIEW open_invoices AS
SELECT number, customer, amount, coalesce(paid, 0) AS paid
  FROM invoices
  LEFT JOIN (SELECT invoice, sum(amount) AS paid FROM payments GROUP BY invoice) p
    ON p.invoice = invoices.number
 WHERE amount > coalesce(paid, 0);
