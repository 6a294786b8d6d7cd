-- Undo 018_legacy_billing
-- touches: invoices: the tables go
-- touches: payments: the tables go

DROP TABLE payments;
DROP TABLE invoices;
DROP TABLE learning_cycles;
