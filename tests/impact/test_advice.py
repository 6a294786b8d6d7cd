"""What is advised fits what PostgreSQL does with a statement, and those who follow it keep nobody
waiting."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from sqlmig.migrator import Migrator
from sqlmig.model import Direction
from sqlmig.report import advice as report
from tests.database import Database
from tests.impact.advised import advised
from tests.impact.statements import FILL, SCHEMA
from tests.project import Project

GUIDE = Path(__file__).parents[2] / "docs/zero-downtime.md"

# Statements of one kind, and the beginning of what is advised instead.
ADVICE = {
    "Instead: add it without a value, set its default, fill the old rows in batches": [
        "ALTER TABLE orders ADD COLUMN x uuid DEFAULT gen_random_uuid()",
        "ALTER TABLE orders ADD COLUMN x serial",
        "SELECT add_column()",
    ],
    "Instead: add a plain column that a trigger fills, fill the old rows in batches": [
        "ALTER TABLE orders ADD COLUMN x int GENERATED ALWAYS AS (qty * 2) STORED",
        "ALTER TABLE orders ADD COLUMN x int NOT NULL GENERATED ALWAYS AS (id * 2) STORED",
    ],
    "It fails if the table has rows: the domain is NOT NULL. Give the column a DEFAULT": [
        "CREATE DOMAIN known AS int NOT NULL; ALTER TABLE orders ADD COLUMN x known",
        "CREATE DOMAIN known AS int NOT NULL; ALTER TABLE orders ADD COLUMN x known NOT NULL",
        "CREATE DOMAIN inner_one AS int NOT NULL; CREATE DOMAIN known AS inner_one;"
        "ALTER TABLE orders ADD COLUMN x known",
    ],
    "Instead: add a column of the type that the domain is based on, fill the old rows": [
        "CREATE DOMAIN known AS int NOT NULL; ALTER TABLE orders ADD COLUMN x known DEFAULT 1",
        "CREATE DOMAIN few AS int CHECK (value > 0); ALTER TABLE orders ADD COLUMN x few",
        "CREATE DOMAIN inner_one AS int CHECK (value > 0); CREATE DOMAIN few AS inner_one;"
        "ALTER TABLE orders ADD COLUMN x few DEFAULT 1",
    ],
    "It fails if the table has rows: give it a DEFAULT, or add it nullable, fill it, then SET": [
        "ALTER TABLE orders ADD COLUMN x numeric NOT NULL",
        "ALTER TABLE orders ADD COLUMN x int NOT NULL UNIQUE",
        "ALTER TABLE notes ADD COLUMN x int PRIMARY KEY",
        "ALTER TABLE parted ADD COLUMN x int NOT NULL",
        "ALTER TABLE orders ADD COLUMN y int; ALTER TABLE orders ADD COLUMN x int NOT NULL",
    ],
    "Instead: add a column, fill it in batches, swap": [
        "ALTER TABLE orders ALTER COLUMN qty TYPE bigint",
        'ALTER TABLE orders ALTER COLUMN status TYPE text COLLATE "C"',
        "ALTER TYPE pair ALTER ATTRIBUTE a TYPE bigint CASCADE",
    ],
    "Instead: there is no form without the lock: run it while the table is not used": [
        "ALTER TABLE orders SET UNLOGGED",
        "CLUSTER orders USING orders_status",
        "ALTER TABLE orders ADD CONSTRAINT c EXCLUDE USING btree (id WITH =)",
    ],
    "Instead: REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index": [
        "REFRESH MATERIALIZED VIEW totals",
    ],
    "Instead: REINDEX with CONCURRENTLY": ["REINDEX INDEX orders_status", "REINDEX TABLE orders"],
    "Instead: build it CONCURRENTLY": [
        "CREATE INDEX ON orders (customer_id)",
        "ALTER TABLE orders ADD COLUMN x int; CREATE INDEX ON orders (customer_id)",
    ],
    "Instead: create it ON ONLY the table, on each partition CONCURRENTLY": [
        "CREATE INDEX ON parted (id)",
        "CREATE INDEX ON hashed (id)",
    ],
    "Instead: build the index CONCURRENTLY, then add the constraint USING INDEX": [
        "ALTER TABLE orders ADD CONSTRAINT c UNIQUE (note, id)",
        "ALTER TABLE orders ADD COLUMN x int UNIQUE",
    ],
    "Instead: SET NOT NULL first, build the index CONCURRENTLY, then add the key USING INDEX": [
        "ALTER TABLE notes ADD PRIMARY KEY (id)",
    ],
    "Instead: add it to ONLY the table, to each partition USING an index": [
        "ALTER TABLE parted ADD UNIQUE (id, at)",
        "ALTER TABLE hashed ADD PRIMARY KEY (id)",
    ],
    "Instead: first add CHECK (… IS NOT NULL) NOT VALID": [
        "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
        "ALTER TABLE parted ALTER COLUMN id SET NOT NULL",
        "ALTER TABLE lines ADD PRIMARY KEY USING INDEX lines_id",
        "ALTER TABLE orders ADD COLUMN x int; ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
    ],
    "Instead: first add a CHECK that says which rows the partition has, NOT VALID": [
        "ALTER TABLE listed ATTACH PARTITION loose FOR VALUES IN (2)",
        "CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')",
    ],
    "Instead: add the CHECK to the columns of that type": [
        "ALTER DOMAIN cents ADD CHECK (value > 0)",
        "ALTER DOMAIN cents SET NOT NULL",
    ],
    "Instead: add it to each partition NOT VALID, VALIDATE it, then add it to the table": [
        "ALTER TABLE listed ADD FOREIGN KEY (id) REFERENCES customers",
    ],
    "Instead: add the constraint NOT VALID, and VALIDATE it in a later migration": [
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (qty > 0)",
        "ALTER TABLE parted ADD CONSTRAINT c CHECK (id > 0)",
        "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers",
        "ALTER TABLE orders ADD COLUMN x int DEFAULT 1 REFERENCES customers",
        "DO $$BEGIN ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers; END$$",
    ],
    "Instead: give that work a migration of its own": [
        "ALTER TABLE orders ADD COLUMN x int; CREATE TABLE copies AS SELECT * FROM orders",
    ],
    "Instead: change the rows in batches": [
        "UPDATE orders SET qty = qty",
        "SELECT raise_prices()",
    ],
    "Instead: delete the rows in batches": ["DELETE FROM orders"],
}

# What a statement loses, in words.
LOSSES = {
    "DELETE FROM orders": ["The deleted rows are lost:"],
    "DELETE FROM orders WHERE id = 1": [],
    "TRUNCATE customers CASCADE": [
        "All rows of checked are lost:",
        "All rows of customers are lost:",
    ],
    "ALTER TABLE orders DROP COLUMN note, DROP COLUMN qty": [
        "The data of column note is lost:",
        "The data of column qty is lost:",
    ],
    "ALTER TABLE orders ADD COLUMN x int; ALTER TABLE orders DROP COLUMN note": [
        "The data of column note is lost:"
    ],
    "ALTER TABLE orders ADD COLUMN x int; ALTER TABLE orders DROP COLUMN x": [
        "The data of column x is lost:"
    ],
    "ALTER TABLE parted DROP COLUMN id": ["The data of column id is lost:"],
    "ALTER TABLE figures DROP COLUMN doubled": [],
    "ALTER TABLE figures DROP COLUMN id CASCADE": ["The data of column id is lost:"],
    "DROP TABLE orders CASCADE": ["The data of table orders is lost:"],
    "DROP TABLE parted": ["The data of table parted is lost:"],
    "DROP TABLE parted_1": ["The data of table parted_1 is lost:"],
    "DROP TABLE hashed": ["The data of table hashed is lost:"],
    "ALTER TABLE listed DETACH PARTITION listed_1": [],
    "DROP VIEW names": [],
    "DROP MATERIALIZED VIEW totals": [],
    "ALTER TABLE orders RENAME COLUMN note TO remark": [],
    "CREATE TABLE extra (x int); DROP TABLE extra": [],
    "UPDATE orders SET qty = qty": [],
}


@pytest.fixture
def url(database: Database) -> str:
    database.execute(SCHEMA)
    return database.url


def test_the_advice_is_for_what_the_statement_does(url: str) -> None:
    expected = {script: told for told, scripts in ADVICE.items() for script in scripts}
    found = advised(url, expected)
    first = {script: (found[script] or [""])[0] for script in expected}
    assert {s: first[s] for s, told in expected.items() if not first[s].startswith(told)} == {}


def test_it_says_what_is_lost(url: str) -> None:
    found = advised(url, LOSSES)
    told = {s: sorted(line for line in found[s] if "lost: " in line) for s in LOSSES}
    cut = {s: [line[: line.index(":") + 1] for line in lines] for s, lines in told.items()}
    assert cut == LOSSES
    assert all("a rollback cannot restore" in line for lines in told.values() for line in lines)
    (line,) = advised(url, ["DROP TABLE orders CASCADE"], Direction.ROLLBACK).popitem()[1]
    assert line.endswith("applying again cannot restore it")


def test_the_default_of_a_domain_is_a_value_for_a_required_column(
    url: str, database: Database
) -> None:
    database.execute("CREATE DOMAIN five AS int DEFAULT 5")
    (lines,) = advised(url, ["ALTER TABLE orders ADD COLUMN five five NOT NULL"]).values()
    assert not [line for line in lines if line.startswith("It fails")]


def test_a_foreign_table_has_no_rows_of_its_own(url: str, database: Database) -> None:
    database.execute(
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
        "CREATE FOREIGN TABLE far (a int, b int) SERVER s"
    )
    found = advised(url, ["ALTER FOREIGN TABLE far ADD x int NOT NULL, DROP b"])
    assert [*found.values()] == [[]]


def test_each_column_that_fails_is_told(url: str) -> None:
    script = (
        "CREATE DOMAIN known AS int NOT NULL;"
        "ALTER TABLE orders ADD COLUMN x known, ADD COLUMN y int NOT NULL"
    )
    (lines,) = advised(url, [script]).values()
    assert [line.partition(":")[2][:16] for line in lines] == [
        " give it a DEFAU",
        " the domain is N",
    ]


def test_a_required_column_fails_where_there_are_rows(url: str, database: Database) -> None:
    database.execute(FILL)
    required = [
        s for told, scripts in ADVICE.items() if told.startswith("It fails") for s in scripts
    ]
    for statement in required:
        with pytest.raises(psycopg.errors.NotNullViolation):
            database.execute(statement)


def test_each_advice_leads_to_a_section_of_the_guide() -> None:
    titles = re.findall(r"^## (.+)$", GUIDE.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^a-z-]", "", title.lower().replace(" ", "-")) for title in titles}
    assert {anchor for _, anchor in report.REMEDIES.values()} - anchors == set()


CONCURRENTLY = "-- transactional: false\n"
# The migrations that are advised in place of statements.
FOLLOWED = {
    "the index of a partitioned table": [
        "CREATE INDEX listed_id ON ONLY listed (id)",
        f"{CONCURRENTLY}CREATE INDEX CONCURRENTLY listed_1_id ON listed_1 (id)",
        "ALTER INDEX listed_id ATTACH PARTITION listed_1_id",
    ],
    "the key of a partitioned table": [
        "ALTER TABLE ONLY listed ADD CONSTRAINT listed_key UNIQUE (id, at)",
        f"{CONCURRENTLY}CREATE UNIQUE INDEX CONCURRENTLY listed_1_key ON listed_1 (id, at)",
        "ALTER TABLE listed_1 ADD CONSTRAINT listed_1_key UNIQUE USING INDEX listed_1_key",
        "ALTER INDEX listed_key ATTACH PARTITION listed_1_key",
    ],
    "the foreign key of a partitioned table": [
        "ALTER TABLE listed_1 ADD CONSTRAINT c FOREIGN KEY (id) REFERENCES customers NOT VALID",
        "ALTER TABLE listed_1 VALIDATE CONSTRAINT c",
        "ALTER TABLE listed ADD CONSTRAINT c FOREIGN KEY (id) REFERENCES customers",
    ],
    "a partition to attach": [
        "ALTER TABLE loose ADD CONSTRAINT c CHECK (id IS NOT NULL AND id = 2) NOT VALID",
        "ALTER TABLE loose VALIDATE CONSTRAINT c",
        "ALTER TABLE listed ATTACH PARTITION loose FOR VALUES IN (2)",
    ],
    "a partition beside a default one": [
        "ALTER TABLE parted_rest ADD CONSTRAINT c CHECK ("
        "at IS NOT NULL AND (at < '2022-01-01' OR at >= '2023-01-01')) NOT VALID",
        "ALTER TABLE parted_rest VALIDATE CONSTRAINT c",
        "CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')",
    ],
    "a primary key": [
        "ALTER TABLE notes VALIDATE CONSTRAINT notes_id",
        "ALTER TABLE notes ALTER COLUMN id SET NOT NULL",
        f"{CONCURRENTLY}CREATE UNIQUE INDEX CONCURRENTLY notes_key ON notes (id)",
        "ALTER TABLE notes ADD PRIMARY KEY USING INDEX notes_key",
    ],
    "a column with a random default": [
        "ALTER TABLE orders ADD COLUMN x uuid",
        "ALTER TABLE orders ALTER COLUMN x SET DEFAULT gen_random_uuid()",
        "-- repeat: until no rows\nUPDATE orders SET x = gen_random_uuid() WHERE id IN ("
        "SELECT id FROM orders WHERE x IS NULL LIMIT 1000)",
    ],
    "a refresh": ["REFRESH MATERIALIZED VIEW CONCURRENTLY totals"],
    "an index built anew": [f"{CONCURRENTLY}REINDEX TABLE CONCURRENTLY orders"],
    "a generated column": [
        "ALTER TABLE orders ADD COLUMN x int",
        "CREATE FUNCTION double() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN new.x := new.qty * 2; RETURN new; END$$;"
        "CREATE TRIGGER double BEFORE INSERT OR UPDATE ON orders "
        "FOR EACH ROW EXECUTE FUNCTION double()",
        "-- repeat: until no rows\nUPDATE orders SET x = qty * 2 WHERE id IN ("
        "SELECT id FROM orders WHERE x IS NULL LIMIT 1000)",
    ],
    "a column of a domain with conditions": [
        "ALTER TABLE orders ADD COLUMN x int",
        "-- repeat: until no rows\nUPDATE orders SET x = 1 WHERE id IN ("
        "SELECT id FROM orders WHERE x IS NULL LIMIT 1000)",
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (x IS NOT NULL AND x > 0) NOT VALID",
        "ALTER TABLE orders VALIDATE CONSTRAINT c",
    ],
    "a check of a domain's columns": [
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (price > 0) NOT VALID",
        "ALTER TABLE orders VALIDATE CONSTRAINT c",
    ],
}


@pytest.mark.parametrize("case", FOLLOWED)
def test_what_is_advised_keeps_nobody_waiting(
    project: Project, database: Database, case: str
) -> None:
    project.migration("001_schema", SCHEMA)
    for number, script in enumerate(FOLLOWED[case], 2):
        head = CONCURRENTLY if script.startswith(CONCURRENTLY) else ""
        project.migration(f"{number:03}_next", script, f"{head}SELECT 1")
    found = Migrator(project.config()).impact_since("001", scratch_url=database.url)
    assert [each for each in found.effects() if each.is_finding] == []


def test_a_domain_cannot_be_validated_without_blocking_writes(database: Database) -> None:
    """So the advice is to constrain the columns."""
    database.execute(SCHEMA)
    database.execute("ALTER DOMAIN cents ADD CONSTRAINT c CHECK (value > 0) NOT VALID")
    if int(database.value("SHOW server_version_num")) >= 190000:
        pytest.skip("it can, since PostgreSQL 19")
    database.execute("BEGIN; ALTER DOMAIN cents VALIDATE CONSTRAINT c")
    query = "SELECT mode FROM pg_locks WHERE relation = 'orders'::regclass AND granted"
    modes = {mode for (mode,) in database.rows(query)}
    database.execute("ROLLBACK")
    assert "ShareLock" in modes
