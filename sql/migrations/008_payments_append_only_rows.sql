-- No UPDATE or DELETE of rows of payments through a parent table either
-- depends: 007_payments_append_only
--
-- ALTER TABLE payments INHERIT, or ATTACH PARTITION, makes payments a child of another table. An
-- UPDATE or DELETE of that parent needs no rights on payments, and fires no statement triggers of
-- its children. Row triggers it does fire. TRUNCATE of a parent fires those of all children.

CREATE TRIGGER payments_append_only_rows
  BEFORE UPDATE OR DELETE ON payments
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_payments();

ALTER TABLE payments ENABLE ALWAYS TRIGGER payments_append_only_rows;
