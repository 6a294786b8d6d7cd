DROP TABLE accounts_v2;
