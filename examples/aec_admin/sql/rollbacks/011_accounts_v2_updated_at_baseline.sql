-- An account that was changed since has a time of its own, which is newer and stays.

ALTER TABLE accounts_v2 DISABLE TRIGGER trg_accounts_v2_updated_at;

UPDATE accounts_v2 a
SET updated_at = b.was_updated_at
FROM accounts_v2_before_baseline b
WHERE b.account_code = a.account_code
  AND a.updated_at = '2025-09-11 16:06:28.898529+00';

ALTER TABLE accounts_v2 ENABLE TRIGGER trg_accounts_v2_updated_at;

DROP TABLE accounts_v2_before_baseline;
