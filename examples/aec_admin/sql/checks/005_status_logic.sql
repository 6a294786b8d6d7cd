-- Status, start year and activity agree
-- requires: 009_accounts_v2_status_logic_valid

SELECT account_code, status, start_year, is_active
FROM accounts_v2
WHERE is_active IS DISTINCT FROM (status = 'active')
   OR (status = 'prospect' AND start_year IS NOT NULL)
   OR (status = 'active' AND start_year IS NULL);
