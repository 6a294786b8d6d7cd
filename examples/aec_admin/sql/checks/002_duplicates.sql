-- No two accounts have the same code
-- requires: 002_accounts_v2

SELECT account_code, count(*) AS accounts, string_agg(account_name, ', ') AS account_names
FROM accounts_v2
GROUP BY account_code
HAVING count(*) > 1;
