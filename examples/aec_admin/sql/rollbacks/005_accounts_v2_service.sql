ALTER TABLE accounts_v2 DROP CONSTRAINT fk_accounts_v2_service;

DROP TABLE account_services;
