DROP TRIGGER payments_append_only ON payments;
DROP FUNCTION refuse_change_of_payments();
