-- What each account was invoiced, has paid and owes
-- depends: 024_account_code_contract
--
-- Invoices and payments are summed apart: joined first, an invoice would count once for each of
-- its payments.

CREATE VIEW v_invoice_settlements AS
SELECT
  a.account_code,
  a.account_name,
  coalesce(i.invoices_count, 0) AS invoices_count,
  coalesce(i.total, 0) AS invoiced_total,
  coalesce(p.total, 0) AS paid_total,
  coalesce(i.total, 0) - coalesce(p.total, 0) AS outstanding_total
FROM accounts_v2 a
LEFT JOIN (
  SELECT account_code, count(*) AS invoices_count, sum(amount) AS total
  FROM invoices
  GROUP BY account_code
) i USING (account_code)
LEFT JOIN (
  SELECT account_code, sum(amount) AS total
  FROM payments
  GROUP BY account_code
) p USING (account_code)
ORDER BY a.account_code;
