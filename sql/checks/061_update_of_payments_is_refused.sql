-- An UPDATE of payments is refused, even of no row
-- expect: error insufficient_privilege
-- requires: 007_payments_append_only

UPDATE payments SET amount = amount WHERE false;
