-- Service, status and type are each one of those that there are
-- requires: 004_accounts_v2_type 005_accounts_v2_service 006_accounts_v2_status

SELECT account_code, service, status, type
FROM accounts_v2
WHERE service NOT IN (SELECT service FROM account_services)
   OR status NOT IN ('prospect', 'active', 'inactive')
   OR type NOT IN ('individual', 'institution');
