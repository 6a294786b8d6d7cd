"""The migrations of the benchmark, with the same SQL for every tool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration: `number` counts from 1, `slug` says what it does, `down` undoes `up`."""

    number: int
    slug: str
    up: str
    down: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """A migration for the table of number {n}."""

    slug: str
    up: str
    down: str


_KINDS = (
    _Kind(
        "table",
        """\
CREATE TABLE ledger_{n} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  student_id uuid NOT NULL,
  amount numeric(12, 2) NOT NULL CHECK (amount > 0),
  note text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ledger_{n} IS 'What a student owes; one row for each fee.';
""",
        "DROP TABLE ledger_{n};\n",
    ),
    _Kind(
        "columns",
        """\
ALTER TABLE ledger_{n}
  ADD COLUMN status text NOT NULL DEFAULT 'open',
  ADD COLUMN due_on date,
  ADD COLUMN corrects bigint;
""",
        """\
ALTER TABLE ledger_{n} DROP COLUMN status, DROP COLUMN due_on, DROP COLUMN corrects;
""",
    ),
    _Kind(
        "indexes",
        """\
CREATE INDEX ledger_{n}_student ON ledger_{n} (student_id, created_at);
CREATE INDEX ledger_{n}_open ON ledger_{n} (due_on) WHERE status = 'open';
""",
        """\
DROP INDEX ledger_{n}_open;
DROP INDEX ledger_{n}_student;
""",
    ),
    _Kind(
        "constraints",
        """\
ALTER TABLE ledger_{n}
  ADD CONSTRAINT ledger_{n}_status CHECK (status IN ('open', 'paid', 'void')),
  ADD CONSTRAINT ledger_{n}_corrects FOREIGN KEY (corrects) REFERENCES ledger_{n} (id);
""",
        """\
ALTER TABLE ledger_{n}
  DROP CONSTRAINT ledger_{n}_corrects,
  DROP CONSTRAINT ledger_{n}_status;
""",
    ),
    _Kind(
        "trigger",
        """\
CREATE FUNCTION ledger_{n}_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- The end of the month; what is due has a date.
  IF NEW.due_on IS NULL THEN
    NEW.due_on := date_trunc('month', NEW.created_at) + interval '1 month - 1 day';
  END IF;
  RETURN NEW;
END;
$$;
CREATE TRIGGER ledger_{n}_due BEFORE INSERT ON ledger_{n}
  FOR EACH ROW EXECUTE FUNCTION ledger_{n}_due();
""",
        """\
DROP TRIGGER ledger_{n}_due ON ledger_{n};
DROP FUNCTION ledger_{n}_due();
""",
    ),
    _Kind(
        "view",
        """\
CREATE VIEW ledger_{n}_summary AS
SELECT student_id, sum(amount) AS total, count(*) FILTER (WHERE status = 'open') AS open
  FROM ledger_{n}
 GROUP BY student_id;
""",
        "DROP VIEW ledger_{n}_summary;\n",
    ),
)


def migrations(count: int) -> Iterator[Migration]:
    """That many migrations: a table in six steps, then the next table."""
    for index in range(count):
        table, step = divmod(index, len(_KINDS))
        kind = _KINDS[step]
        yield Migration(
            index + 1, kind.slug, kind.up.format(n=table + 1), kind.down.format(n=table + 1)
        )
