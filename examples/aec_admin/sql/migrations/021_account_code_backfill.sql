-- Every cycle, invoice and payment from before gets its account code
-- depends: 020_account_code_expand
-- adr: 0007
-- touches: invoices: each row gets the code of its account
-- touches: payments: each row gets the code of its account
--
-- Locks the rows that it fills and no table, so that others go on working.

DO $$
DECLARE
  unknown text;
BEGIN
  SELECT string_agg(account_id::text, ', ' ORDER BY account_id) INTO unknown
  FROM (
    SELECT account_id FROM learning_cycles WHERE account_code IS NULL
    UNION SELECT account_id FROM invoices WHERE account_code IS NULL
    UNION SELECT account_id FROM payments WHERE account_code IS NULL
    EXCEPT SELECT account_id FROM legacy_account_keys
  ) AS without_code;
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION 'old account numbers without an account code: %', unknown
      USING ERRCODE = 'foreign_key_violation',
            HINT = 'Enter them in legacy_account_keys, then apply again.';
  END IF;
END;
$$;

UPDATE learning_cycles b
SET account_code = k.account_code
FROM legacy_account_keys k
WHERE k.account_id = b.account_id AND b.account_code IS NULL;

UPDATE invoices b
SET account_code = k.account_code
FROM legacy_account_keys k
WHERE k.account_id = b.account_id AND b.account_code IS NULL;

UPDATE payments b
SET account_code = k.account_code
FROM legacy_account_keys k
WHERE k.account_id = b.account_id AND b.account_code IS NULL;
