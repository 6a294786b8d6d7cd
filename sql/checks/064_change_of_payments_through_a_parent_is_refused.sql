-- A change of payments through a parent table is refused: its row trigger stands, and fires always
--
-- Looked up, not tried: making payments a child would keep everybody out of the table.
-- expect: rows
-- requires: 008_payments_append_only_rows

SELECT tgname
  FROM pg_trigger
 WHERE tgrelid = 'payments'::regclass
   AND tgfoid = 'refuse_change_of_payments'::regproc
   AND tgenabled = 'A'
   AND tgtype & 1 = 1    -- FOR EACH ROW
   AND tgtype & 2 = 2    -- BEFORE
   AND tgtype & 24 = 24; -- DELETE and UPDATE
