-- An invoice for the tests

INSERT INTO invoices (number, customer, amount)
VALUES ('2026-001', 'Ada', 120.00)
    ON CONFLICT (number) DO NOTHING;
