"""What a reader and a writer of 2 million rows wait for, beside what was foretold."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import psycopg
import pytest

from sqlmig.impact.locks import Blocks
from sqlmig.impact.transaction import Touch
from tests.database import Database
from tests.impact.observed import observed
from tests.impact.traffic import told, traffic

pytestmark = pytest.mark.long_form

LONG = 0.2  # seconds
ROWS = 2_000_000
SCHEMA = """
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE DOMAIN cents AS int;
CREATE TABLE busy (
  id int PRIMARY KEY, customer_id int, total numeric(10,2), code varchar(50), at timestamp,
  price cents, status text, note text, CONSTRAINT known CHECK (status IS NOT NULL));
ALTER TABLE busy ADD CONSTRAINT noted CHECK (note IS NOT NULL) NOT VALID;
CREATE INDEX busy_customer ON busy (customer_id); CREATE INDEX busy_code ON busy (code);
CREATE INDEX busy_at ON busy (at); CREATE INDEX busy_total ON busy (total);
CREATE TABLE parted (LIKE busy) PARTITION BY RANGE (id);
"""
FILL = f"""
INSERT INTO customers SELECT i, 'c' FROM generate_series(1, 50000) i;
INSERT INTO busy SELECT i, 1 + i % 50000, i % 9999, 'k' || i, now(), i, 's', 'n'
  FROM generate_series(1, {ROWS}) i;
ANALYZE;
"""
STATEMENTS = (
    "ALTER TABLE busy ADD COLUMN x int DEFAULT 1",
    "ALTER TABLE busy ADD COLUMN x timestamptz DEFAULT clock_timestamp()",
    "ALTER TABLE busy ADD COLUMN x int GENERATED ALWAYS AS (id * 2) STORED",
    "ALTER TABLE busy ADD COLUMN x int REFERENCES customers",
    "ALTER TABLE busy ALTER COLUMN code TYPE varchar(100)",
    "ALTER TABLE busy ALTER COLUMN total TYPE numeric(12,2)",
    "ALTER TABLE busy ALTER COLUMN total TYPE numeric(12,4)",
    "ALTER TABLE busy ALTER COLUMN at TYPE timestamptz",
    "ALTER TABLE busy ALTER COLUMN note SET NOT NULL",
    "ALTER TABLE busy ALTER COLUMN status SET NOT NULL",
    "ALTER TABLE busy ADD CONSTRAINT c CHECK (total >= 0)",
    "ALTER TABLE busy ADD CONSTRAINT c CHECK (total >= 0) NOT VALID",
    "ALTER TABLE busy VALIDATE CONSTRAINT noted",
    "ALTER TABLE busy ADD CONSTRAINT c UNIQUE (code)",
    "ALTER TABLE busy ADD FOREIGN KEY (customer_id) REFERENCES customers",
    "ALTER TABLE parted ATTACH PARTITION busy FOR VALUES FROM (0) TO (9000000)",
    "ALTER DOMAIN cents ADD CHECK (value > 0)",
    "CREATE INDEX ON busy (status, id)",
    "DROP INDEX busy_code",
    "REINDEX INDEX busy_code",
    "CLUSTER busy USING busy_pkey",
    "UPDATE busy SET note = 'x'",
    "UPDATE busy SET note = 'x' WHERE id BETWEEN 600000 AND 600100",
    "ALTER TABLE customers ADD COLUMN x int; CREATE INDEX ON busy (status, id)",
    "DO $$BEGIN EXECUTE 'ALTER TABLE busy ALTER COLUMN customer_id TYPE bigint'; END$$",
    "TRUNCATE busy",
)
SESSIONS = {
    "reader of busy": ("SELECT * FROM busy WHERE id = {id}", 0.01),
    "writer of busy": ("UPDATE busy SET code = code WHERE id = {id}", 0.01),
    "reader of customers": ("SELECT * FROM customers WHERE id = {id}", 0.01),
    "writer of customers": ("UPDATE customers SET name = name WHERE id = {id}", 0.01),
}


@pytest.fixture
def foretold(database: Database) -> dict[str, list[Touch]]:
    """What was seen on empty tables."""
    database.execute(SCHEMA)
    return observed(database.url, STATEMENTS)


@pytest.fixture
def connection(
    database: Database, foretold: dict[str, list[Touch]]
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    database.execute(FILL)
    with database.another_connection() as connection:
        yield connection


def test_no_long_wait_is_not_foretold(
    database: Database,
    foretold: dict[str, list[Touch]],
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    surprises = []
    for statement in STATEMENTS:
        stalls = stalls_of(database, connection, statement)
        warned = warned_of(foretold[statement])
        sys.stdout.write(f"{statement}\n    waited: {told(stalls)}\n")
        sys.stdout.write(f"    foretold: {', '.join(sorted(warned)) or 'nothing'}\n")
        surprises += [(statement, n, w) for n, w in stalls.items() if w > LONG and n not in warned]
    assert surprises == []


def stalls_of(
    database: Database, connection: psycopg.Connection[tuple[object, ...]], statement: str
) -> dict[str, float]:
    """The longest waits while the statement ran, which is undone."""
    with traffic(database.url, SESSIONS) as found:
        connection.execute("BEGIN")
        connection.execute(statement.encode())
        connection.execute("ROLLBACK")
    return found.stalls


def warned_of(touches: list[Touch]) -> set[str]:
    """The sessions that were said to wait while large work runs."""
    if not any(touch.work.any for touch in touches):
        return set()
    found = set()
    for touch in touches:
        if touch.blocks is not Blocks.NOTHING:
            found.add(f"writer of {touch.relation.label}")
        if touch.blocks is Blocks.READS_AND_WRITES:
            found.add(f"reader of {touch.relation.label}")
    return found
