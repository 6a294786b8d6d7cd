-- What they have paid
-- depends: 001_invoices

CREATE TABLE payments (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  invoice text NOT NULL REFERENCES invoices,
  amount numeric(12, 2) NOT NULL CHECK (amount > 0),
  paid_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX payments_invoice ON payments (invoice);
