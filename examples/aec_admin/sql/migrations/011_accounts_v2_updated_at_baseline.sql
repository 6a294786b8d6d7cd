-- The accounts from before the trigger begin at one baseline
-- depends: 010_accounts_v2_updated_at
-- adr: 0006
--
-- What updated_at was is kept, for the rollback. The trigger rests meanwhile, or it would write
-- its own time in place of the baseline.

CREATE TABLE accounts_v2_before_baseline (
  account_code text PRIMARY KEY,
  was_updated_at timestamptz NOT NULL
);

ALTER TABLE accounts_v2 DISABLE TRIGGER trg_accounts_v2_updated_at;

INSERT INTO accounts_v2_before_baseline (account_code, was_updated_at)
SELECT account_code, updated_at FROM accounts_v2;

UPDATE accounts_v2 SET updated_at = '2025-09-11 16:06:28.898529+00';

ALTER TABLE accounts_v2 ENABLE TRIGGER trg_accounts_v2_updated_at;
