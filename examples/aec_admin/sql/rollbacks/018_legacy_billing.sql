DROP TABLE payments;
DROP TABLE invoices;
DROP TABLE learning_cycles;
