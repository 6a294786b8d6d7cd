"""A snapshot that is read from what is new is the one that is read from everything.

That it is so after every alteration of every kind is in test_kinds.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlmig.proof.catalog import snapshot
from sqlmig.proof.scope import Scope
from sqlmig.proof.watch import Watch
from tests.database import Database
from tests.proof.kinds import KINDS, OTHER_ROLE, Kind
from tests.thorough import examples


@pytest.fixture
def watch(database: Database) -> Iterator[Watch]:
    with database.another_connection() as connection:
        yield Watch(connection)


def sees_all(watch: Watch, database: Database) -> bool:
    return watch.look().objects == snapshot(database.connection).objects


@pytest.mark.parametrize(
    "removal",
    [
        "COMMENT ON TABLE t IS NULL",
        "ALTER SEQUENCE q OWNED BY NONE",
        "ALTER TABLE t DROP COLUMN b",
        "DROP VIEW v",
        "DROP TABLE t CASCADE",
        "ALTER TABLE child NO INHERIT t",
        "ALTER FUNCTION f NO DEPENDS ON EXTENSION plpgsql",
        "ALTER ROLE {role} RENAME TO {role}_renamed",
    ],
)
def test_it_misses_what_is_gone_though_nothing_new_tells_of_it(
    database: Database, watch: Watch, removal: str
) -> None:
    role = f"sqlmig_owner_{database.connection.info.dbname}"  # roles are of the whole cluster
    database.execute(f"CREATE ROLE {role}")
    try:
        database.execute(
            "CREATE TABLE t (a int PRIMARY KEY, b text); COMMENT ON TABLE t IS 'x';"
            "CREATE SEQUENCE q OWNED BY t.a; CREATE VIEW v AS SELECT a FROM t;"
            "CREATE TABLE child () INHERITS (t);"
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
            "ALTER FUNCTION f DEPENDS ON EXTENSION plpgsql;"
            f"ALTER VIEW v OWNER TO {role}"
        )
        watch.look()
        watch.look()
        database.execute(removal.format(role=role))
        assert sees_all(watch, database)
    finally:
        database.execute("ALTER VIEW IF EXISTS v OWNER TO postgres")
        database.execute(f"DROP ROLE IF EXISTS {role}, {role}_renamed")


def test_a_snapshot_that_was_given_away_stays_as_it_was(database: Database, watch: Watch) -> None:
    before = watch.look()
    count = len(before.objects)
    database.execute("CREATE TABLE t (a int)")
    assert len(watch.look().objects) > count
    assert len(before.objects) == count


FLYWAY = """CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version text,
    description text, type text, script text, checksum int, installed_by text, installed_on date,
    execution_time int, success bool);"""
GOOSE = """CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL,
    is_applied bool NOT NULL, tstamp timestamp DEFAULT now());"""
LEFT_OUT = {
    "a history of another tool": FLYWAY,
    "one with a sequence and a default": GOOSE,
    "an index of such a history": FLYWAY + "CREATE INDEX ON flyway_schema_history (success);",
    "an extension and its functions": "CREATE EXTENSION hstore;",
    "a table that an extension gets": "CREATE EXTENSION hstore; CREATE TABLE x (id serial);"
    "ALTER EXTENSION hstore ADD TABLE x;",
    "a temporary table": "CREATE TEMP TABLE x (id serial PRIMARY KEY, b text DEFAULT 'b');",
    "an own table": "CREATE TABLE _yoyo_migration (id serial PRIMARY KEY, b text DEFAULT 'b');"
    "CREATE TABLE _sqlmig_migration (id serial);",
}


@pytest.mark.parametrize("creation", LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_it_leaves_out_the_same_as_a_snapshot(
    database: Database, watch: Watch, creation: str
) -> None:
    database.execute("CREATE TABLE t (id serial PRIMARY KEY, b text DEFAULT 'b')")
    before = watch.look()
    database.execute(creation)
    assert sees_all(watch, database)
    database.execute("COMMENT ON TABLE t IS 'altered'; ALTER TABLE t ADD c int")
    assert sees_all(watch, database)
    assert watch.look() != before


@pytest.mark.parametrize("schema", ["one", "other", "absent"])
def test_within_a_scope_it_sees_the_same_as_a_snapshot(database: Database, schema: str) -> None:
    scope = Scope((schema,))
    with database.another_connection() as connection:
        watch = Watch(connection, scope)
        for script in (
            "CREATE SCHEMA one; CREATE TABLE one.t (id serial PRIMARY KEY, b text DEFAULT 'b')",
            "CREATE SCHEMA other; CREATE TABLE other.t (a int REFERENCES one.t)",
            "CREATE VIEW other.v AS SELECT * FROM one.t",
            "ALTER TABLE one.t RENAME b TO c",
            "ALTER VIEW other.v SET SCHEMA one",
            "DROP SCHEMA other CASCADE",
        ):
            watch.look()
            database.execute(script)
            assert watch.look().objects == snapshot(database.connection, scope=scope).objects


def test_objects_of_two_catalogs_may_have_the_same_number(database: Database, watch: Watch) -> None:
    database.execute(
        "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    )
    number = database.value("SELECT 't'::regclass::oid")
    watch.look()
    database.execute(f"UPDATE pg_proc SET oid = {number} WHERE proname = 'f'")
    assert sees_all(watch, database)
    database.execute("ALTER TABLE t ADD b int")
    assert sees_all(watch, database)
    database.execute("ALTER FUNCTION f() STABLE")
    assert sees_all(watch, database)
    database.execute("DROP TABLE t")
    assert sees_all(watch, database)


def life_of(kind: Kind) -> st.SearchStrategy[tuple[str, ...]]:
    """An object of that kind is made, may be altered, and may be dropped."""
    return st.tuples(
        st.just(kind.before + kind.create),
        st.sampled_from((*kind.alterations, "SELECT 1")),
        st.sampled_from((kind.drop, "SELECT 1")),
    )


LIVES = st.sampled_from([kind for kind in KINDS if kind.name != "subscription"]).flatmap(life_of)


@settings(max_examples=examples(3), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=st.lists(LIVES, min_size=4, max_size=12))
def test_whatever_is_done_in_whatever_order_it_sees_the_same_as_a_snapshot(
    database: Database, lives: list[tuple[str, ...]]
) -> None:
    """Scripts that fail, because of what is there or not, change nothing."""
    with suppress(psycopg.errors.DuplicateObject):
        database.execute(f"CREATE ROLE {OTHER_ROLE}")
    database.execute("CREATE SCHEMA IF NOT EXISTS other")
    with database.another_connection() as connection:
        watch = Watch(connection)
        watch.look()
        for script in itertools.chain.from_iterable(lives):
            with suppress(psycopg.Error):
                database.execute(script)
            assert sees_all(watch, database), script
