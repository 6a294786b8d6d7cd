-- Learning cycles, invoices and payments as they were, by the number of the old account

CREATE TABLE learning_cycles (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  title text NOT NULL,
  starts_on date NOT NULL,
  ends_on date,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  account_id int NOT NULL,
  CONSTRAINT chk_learning_cycles_dates CHECK (ends_on >= starts_on)
);

CREATE TABLE invoices (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  invoice_no text NOT NULL CONSTRAINT uq_invoices_invoice_no UNIQUE,
  learning_cycle_id uuid CONSTRAINT fk_invoices_learning_cycle REFERENCES learning_cycles,
  amount numeric(12, 2) NOT NULL CONSTRAINT chk_invoices_amount CHECK (amount > 0),
  issued_on date NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  account_id int NOT NULL
);

CREATE TABLE payments (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  invoice_id uuid NOT NULL CONSTRAINT fk_payments_invoice REFERENCES invoices,
  amount numeric(12, 2) NOT NULL CONSTRAINT chk_payments_amount CHECK (amount > 0),
  paid_on date NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  account_id int NOT NULL
);
