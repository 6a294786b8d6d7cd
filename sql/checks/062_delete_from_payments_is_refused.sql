-- A DELETE from payments is refused, even of no row
-- expect: error insufficient_privilege
-- requires: 007_payments_append_only

DELETE FROM payments WHERE false;
