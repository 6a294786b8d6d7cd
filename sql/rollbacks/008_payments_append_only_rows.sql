DROP TRIGGER payments_append_only_rows ON payments;
