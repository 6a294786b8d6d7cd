DROP VIEW v_invoice_settlements;
