-- No account lacks its code, name, type, service or status
-- requires: 003_accounts_v2_texts

SELECT account_code, account_name, type, service, status
FROM accounts_v2
WHERE coalesce(account_code, '') !~ '\S'
   OR coalesce(account_name, '') !~ '\S'
   OR coalesce(type, '') !~ '\S'
   OR coalesce(service, '') !~ '\S'
   OR coalesce(status, '') !~ '\S';
