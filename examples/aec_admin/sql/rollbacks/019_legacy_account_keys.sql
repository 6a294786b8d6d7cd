DROP TABLE legacy_account_keys;
