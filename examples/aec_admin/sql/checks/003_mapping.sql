-- Every contact belongs to an account that exists
-- requires: 014_account_contacts

SELECT c.account_code, c.full_name, c.role, c.id
FROM account_contacts c
WHERE NOT EXISTS (SELECT FROM accounts_v2 a WHERE a.account_code = c.account_code);
