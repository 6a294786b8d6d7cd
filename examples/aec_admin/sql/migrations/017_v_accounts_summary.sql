-- Accounts with the number of their contacts, for lists
-- depends: 014_account_contacts

CREATE VIEW v_accounts_summary AS
SELECT
  a.account_code,
  a.account_name,
  a.type,
  a.service,
  a.country,
  a.status,
  a.is_active,
  a.start_year,
  a.created_at,
  a.updated_at,
  (
    SELECT count(*)
    FROM account_contacts c
    WHERE c.account_code = a.account_code
  ) AS contacts_count
FROM accounts_v2 a
ORDER BY a.account_code;
