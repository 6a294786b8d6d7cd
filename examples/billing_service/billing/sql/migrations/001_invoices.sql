-- What customers owe

CREATE TABLE invoices (
  number text PRIMARY KEY,
  customer text NOT NULL,
  amount numeric(12, 2) NOT NULL CHECK (amount > 0),
  issued_on date NOT NULL DEFAULT current_date
);
