-- No UPDATE, DELETE or TRUNCATE on payments, for anyone
-- depends: 005_payments
--
-- The REVOKE of 005 takes the rights from PUBLIC, which never had them, and leaves them to the
-- table's owner, the role that applications often use. The verification checklist wants them
-- refused to all, so a trigger refuses: for each statement, so that one that would meet no row is
-- refused too, and ALWAYS, so that session_replication_role = replica does not switch it off.
--
-- It comes after the views because the plan's order ends there: extensions, reference tables,
-- financial tables, constraints, views. The six migrations of the plan stay as they were
-- approved, under the numbers that they have in it; this one adds what its checklist demands.

CREATE FUNCTION refuse_change_of_payments() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'payments is append-only: % is not allowed', TG_OP
    USING ERRCODE = 'insufficient_privilege',
          HINT = 'Record a correction as a ledger adjustment.';
END;
$$;

CREATE TRIGGER payments_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON payments
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_payments();

ALTER TABLE payments ENABLE ALWAYS TRIGGER payments_append_only;
