DROP TABLE student_fee_ledgers;
