-- No country is blank, and start years lie between 2021 and next year
-- requires: 003_accounts_v2_texts 007_accounts_v2_start_year

SELECT account_code, country, start_year, accounts_v2_last_start_year() AS last_start_year
FROM accounts_v2
WHERE country !~ '\S'
   OR start_year NOT BETWEEN 2021 AND accounts_v2_last_start_year();
