"""What pg_dump writes runs as a migration as it is."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from sqlmig.embedded.programs import chosen_folder, find_programs
from sqlmig.errors import BeyondDatabaseError
from sqlmig.migrator import Migrator
from sqlmig.plan import Transactions
from sqlmig.proof.catalog import SchemaSnapshot, snapshot
from sqlmig.proof.difference import differences
from tests.database import Database
from tests.project import Project

RICH = """
CREATE SCHEMA app;
CREATE EXTENSION citext SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'it''s; fine');
CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
CREATE TABLE app.person (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name app.citext UNIQUE, mood app.mood,
  parent int REFERENCES app.person DEFERRABLE INITIALLY DEFERRED, note text DEFAULT E'a\\\\b\\n;',
  twice int GENERATED ALWAYS AS (length(name::text) * 2) STORED
);
CREATE TABLE app.account (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE app.account_1 PARTITION OF app.account FOR VALUES FROM (0) TO (10);
CREATE TABLE app.account_2 PARTITION OF app.account DEFAULT;
CREATE TABLE app.entry (day date, account int REFERENCES app.account) PARTITION BY RANGE (day);
CREATE TABLE app.entry_1 PARTITION OF app.entry DEFAULT;
CREATE TABLE app.period (during tstzrange, EXCLUDE USING gist (during WITH &&));
CREATE FUNCTION app.atomic(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT a; END;
CREATE PROCEDURE app.work() LANGUAGE plpgsql AS $x$BEGIN /* ; */ COMMIT; END$x$;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER touch BEFORE UPDATE ON app.person FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE VIEW app.names AS SELECT name FROM app.person WHERE mood = 'sad';
CREATE MATERIALIZED VIEW app.counts AS SELECT mood, count(*) FROM app.person GROUP BY mood;
CREATE RULE nothing AS ON DELETE TO app.names DO INSTEAD (SELECT 1; SELECT 2);
CREATE POLICY own ON app.person USING (name = current_user);
CREATE PUBLICATION everything FOR TABLE app.person;
CREATE STATISTICS app.both ON name, mood FROM app.person;
CREATE SEQUENCE app.numbers START 5;
COMMENT ON TABLE app.person IS E'-- transactional: false\\n; \\\\i x';
INSERT INTO app.person (name, mood, note)
  VALUES ('Ann', 'sad', E'tab\\tand \\\\. and\\nline'), ('ბექა', NULL, NULL), ('\\.', 'sad', '');
INSERT INTO app.account SELECT generate_series(1, 20);
INSERT INTO app.entry VALUES ('2026-01-01', 5);
SELECT nextval('app.numbers');
REFRESH MATERIALIZED VIEW app.counts;
SELECT lo_from_bytea(0, '\\x00ff'), lo_from_bytea(0, 'BEGIN; COMMIT;');
SELECT lo_create(0);
"""
LARGE_OBJECTS = "SELECT l.oid, lo_get(l.oid) FROM pg_largeobject_metadata l ORDER BY 1"


@pytest.fixture
def source(database: Database) -> Iterator[Database]:
    name = f"{database.connection.info.dbname}_source"
    database.execute(f"CREATE DATABASE {name}")
    url = database.url.replace(f"/{database.connection.info.dbname}?", f"/{name}?")
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            yield Database(connection)
    finally:
        database.execute(f"DROP DATABASE {name} WITH (FORCE)")


def dumped(source: Database, *options: str) -> bytes:
    program = find_programs(chosen=chosen_folder()).folder / "pg_dump"
    return subprocess.run([program, *options, source.url], check=True, capture_output=True).stdout


@pytest.mark.parametrize("transactions", Transactions)
@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--inserts", "--large-objects"),
        ("--column-inserts", "--rows-per-insert=2", "--disable-dollar-quoting"),
        ("--verbose", "--use-set-session-authorization"),
        ("--clean", "--if-exists"),
        ("--no-owner", "--no-privileges", "--quote-all-identifiers", "--disable-triggers"),
        ("--serializable-deferrable", "--load-via-partition-root", "--no-sync"),
    ],
    ids=" ".join,
)
def test_a_dump_of_a_rich_database_runs_as_it_is(
    project: Project,
    database: Database,
    source: Database,
    options: tuple[str, ...],
    transactions: Transactions,
) -> None:
    if "--large-objects" in options and source.connection.info.server_version < 160000:
        options = ("--inserts", "--blobs")
    source.execute(RICH)
    project.write("sql/migrations/001_dump.sql", dumped(source, *options))
    project.write(
        "sql/rollbacks/001_dump.sql", "drop schema app cascade; drop publication everything"
    )
    migrator = Migrator(project.config(database=database.url))
    migrator.apply(transactions=transactions)
    assert differences(snapshot(source.connection), own(database)) == ()
    for query in (LARGE_OBJECTS, "SELECT * FROM app.person ORDER BY id", "TABLE app.entry"):
        assert database.rows(query) == source.rows(query)
    assert database.value("SELECT last_value FROM app.numbers") == 5


def own(database: Database) -> SchemaSnapshot:
    return snapshot(database.connection)


def test_a_dump_is_proven_on_a_scratch_database(
    project: Project, database: Database, source: Database
) -> None:
    source.execute(RICH)
    project.write("sql/migrations/001_dump.sql", dumped(source))
    project.write(
        "sql/rollbacks/001_dump.sql",
        "drop publication everything; drop schema app cascade;"
        "select lo_unlink(oid) from pg_largeobject_metadata",
    )
    assert Migrator(project.config(database=database.url)).verify().is_sound


def test_a_subscription_in_a_dump_is_made_and_refused_on_a_scratch_database(
    project: Project, database: Database, source: Database
) -> None:
    source.execute(
        "CREATE SUBSCRIPTION s CONNECTION 'dbname=nothing' PUBLICATION p, q WITH (connect = false,"
        " slot_name = NONE)"
    )
    try:
        project.write("sql/migrations/001_dump.sql", dumped(source))
        project.write(
            "sql/rollbacks/001_dump.sql",
            "alter subscription s set (slot_name = none);drop subscription s",
        )
        migrator = Migrator(project.config(database=database.url))
        with pytest.raises(BeyondDatabaseError, match="cannot have a subscription"):
            migrator.verify()
        migrator.apply()
        mine = "subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        query = f"SELECT subname, subpublications FROM pg_subscription WHERE {mine}"
        assert database.rows(query) == [("s", ["p", "q"])]
    finally:
        source.execute("DROP SUBSCRIPTION s")
        database.execute("DROP SUBSCRIPTION IF EXISTS s")
