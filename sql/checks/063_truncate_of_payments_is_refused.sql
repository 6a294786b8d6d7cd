-- A TRUNCATE of payments is refused: its trigger stands, and fires always
--
-- Looked up, not tried: TRUNCATE would keep everybody out of the table.
-- expect: rows
-- requires: 007_payments_append_only

SELECT tgname
  FROM pg_trigger
 WHERE tgrelid = 'payments'::regclass
   AND tgfoid = 'refuse_change_of_payments'::regproc
   AND tgenabled = 'A'
   AND tgtype & 32 = 32  -- TRUNCATE
   AND tgtype & 2 = 2;   -- BEFORE
