-- Which account code each old account number stands for, one to one
-- depends: 002_accounts_v2
-- adr: 0007
--
-- One to one, so that each key follows from the other and the way back loses nothing. Its rows
-- are entered by whoever knows the old accounts, before 021 moves theirs.

CREATE TABLE legacy_account_keys (
  account_id int PRIMARY KEY,
  account_code text NOT NULL
    CONSTRAINT uq_legacy_account_keys_account_code UNIQUE
    CONSTRAINT fk_legacy_account_keys_account_code REFERENCES accounts_v2,
  CONSTRAINT uq_legacy_account_keys_pair UNIQUE (account_id, account_code)
);
