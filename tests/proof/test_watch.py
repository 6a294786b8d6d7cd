"""A snapshot that is read from what is new is the one that is read from everything.

That it is so after every alteration of every kind is in test_kinds.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlmig.embedded.account import account_for_new_cluster
from sqlmig.embedded.postmaster import last_programs
from sqlmig.proof.catalog import snapshot
from sqlmig.proof.scope import Scope
from sqlmig.proof.watch import Watch
from tests.database import Database, Server
from tests.faults.own_server import own_server
from tests.proof.kinds import KINDS, SURROUNDINGS, Kind
from tests.thorough import examples


@pytest.fixture
def watch(database: Database) -> Iterator[Watch]:
    with database.another_connection() as connection:
        yield Watch(connection)


def sees_all(watch: Watch, database: Database) -> bool:
    return watch.look().objects == snapshot(database.connection).objects


def sees_all_of(watch: Watch, database: Database, creation: str, change: str) -> bool:
    """Whether it sees what the change does. It has looked twice at what was there, because it reads
    again what was new in the last look."""
    database.execute(creation)
    watch.look()
    watch.look()
    database.execute(change)
    return sees_all(watch, database)


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


RENAMED = [
    "ALTER FUNCTION f() RENAME TO f2",
    "ALTER FUNCTION f() SET SCHEMA other",
    "ALTER SEQUENCE defaults_a_seq RENAME TO another",
    "ALTER SEQUENCE apart RENAME TO another",
    "ALTER SCHEMA elsewhere RENAME TO another",
    "ALTER TYPE mood RENAME VALUE 'sad' TO 'low'",
    "ALTER TYPE mood RENAME TO spirits",
    "ALTER TEXT SEARCH CONFIGURATION words RENAME TO terms",
    "ALTER COLLATION c RENAME TO c2",
    "ALTER SEQUENCE apart RENAME TO x; ALTER SEQUENCE other.apart RENAME TO y",
]


@pytest.mark.parametrize("renaming", RENAMED)
def test_what_a_default_names_may_get_another_name(
    database: Database, watch: Watch, renaming: str
) -> None:
    creation = (
        "CREATE SCHEMA other; CREATE SCHEMA elsewhere; CREATE TYPE mood AS ENUM ('sad', 'ok');"
        "CREATE SEQUENCE apart; CREATE SEQUENCE other.apart; CREATE SEQUENCE elsewhere.q;"
        'CREATE COLLATION c (LOCALE = "C");'
        "CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);"
        "CREATE FUNCTION f() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';"
        "CREATE TABLE defaults (a serial, b int DEFAULT f(), c int DEFAULT nextval('apart'),"
        " d int DEFAULT nextval('elsewhere.q'), e text DEFAULT ('sad'::mood)::text,"
        " g int GENERATED ALWAYS AS (f() + 1) STORED, h int DEFAULT nextval('other.apart'),"
        " i tsvector DEFAULT to_tsvector('words', 'x'), j text DEFAULT ('a' COLLATE c));"
        "CREATE DOMAIN dom AS int DEFAULT f() CHECK (value > f())"
    )
    assert sees_all_of(watch, database, creation, renaming)


# What an object shows may change through another one.
THROUGH_ANOTHER = {
    "the columns of a table under an alias": (
        "CREATE TABLE t (a int, b int, c int); CREATE VIEW v AS SELECT x.p FROM t x(p, q)",
        "ALTER TABLE t DROP COLUMN c",
    ),
    "the attributes of a type under an alias": (
        "CREATE TYPE t AS (a int, b int);"
        "CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS 'SELECT 1, 2';"
        "CREATE VIEW v AS SELECT x.p FROM f() x(p, q)",
        "ALTER TYPE t ADD ATTRIBUTE c int CASCADE",
    ),
    "the default partition": (
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE pd PARTITION OF p DEFAULT",
        "ALTER TABLE pd RENAME TO pe",
    ),
    "a multirange in another schema": (
        "CREATE SCHEMA s; CREATE TYPE r AS RANGE (subtype = int4, multirange_type_name = s.m)",
        "ALTER SCHEMA s RENAME TO z",
    ),
    "a label in a constant of a composite type": (
        "CREATE TYPE mood AS ENUM ('low'); CREATE TYPE c AS (m mood);"
        "CREATE VIEW v AS SELECT '(low)'::c AS x",
        "ALTER TYPE mood RENAME VALUE 'low' TO 'deep'",
    ),
}


@pytest.mark.parametrize(
    ("creation", "change"), THROUGH_ANOTHER.values(), ids=THROUGH_ANOTHER.keys()
)
def test_what_changes_through_another_object_is_seen(
    database: Database, watch: Watch, creation: str, change: str
) -> None:
    assert sees_all_of(watch, database, creation, change)


def test_a_server_may_have_used_more_transactions_than_fit_in_32_bits() -> None:
    with own_server() as server:
        data, programs = server.data, last_programs(server.data)
        assert programs is not None
        server.stop_in_order()
        done = account_for_new_cluster().run(programs / "pg_resetwal", "-e", "1", "-D", data)
        assert done.returncode == 0, done.stdout
        server.start()
        with server.database() as database, database.another_connection() as connection:
            watch = Watch(connection)
            assert sees_all(watch, database)
            database.execute("CREATE TABLE t (a int)")
            assert sees_all(watch, database)


def test_a_role_that_cannot_read_a_catalog_sees_what_it_can(
    database: Database, ordinary: str
) -> None:
    database.execute(
        "CREATE TABLE t (a int); CREATE POLICY p ON t; REVOKE SELECT ON pg_policy FROM public"
    )
    try:
        with (
            psycopg.connect(ordinary, autocommit=True) as connection,
            psycopg.connect(ordinary, autocommit=True) as beside,
        ):
            watch = Watch(connection)
            watch.look()
            database.execute("COMMENT ON POLICY p ON t IS 'x'; ALTER TABLE t ADD b int")
            assert watch.look().objects == snapshot(beside).objects
    finally:
        database.execute("GRANT SELECT ON pg_policy TO public")


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


SQITCH = """CREATE SCHEMA sqitch;
    CREATE TABLE sqitch.changes (change_id text PRIMARY KEY, script_hash text, change text,
      project text, note text, committed_at date, committer_name text, committer_email text,
      planned_at date, planner_name text, planner_email text);
    CREATE TABLE sqitch.tags (id serial PRIMARY KEY); CREATE TABLE sqitch.projects (id serial);
    CREATE TYPE sqitch.e AS ENUM ('a');"""
OWN = """CREATE TABLE _yoyo_migration (id serial PRIMARY KEY);
    CREATE TABLE _yoyo_log (id serial PRIMARY KEY);"""
NO_LONGER_LEFT_OUT = {
    "a table that its extension loses": (
        "CREATE EXTENSION hstore; CREATE TABLE x (id serial PRIMARY KEY);"
        "ALTER EXTENSION hstore ADD TABLE x",
        "ALTER EXTENSION hstore DROP TABLE x",
    ),
    "a history that loses a column": (GOOSE, "ALTER TABLE goose_db_version DROP tstamp"),
    "a history that gets a column": (FLYWAY, "ALTER TABLE flyway_schema_history ADD x int"),
    "a history with another name": (GOOSE, "ALTER TABLE goose_db_version RENAME TO g"),
    "a schema with a table more": (SQITCH, "CREATE TABLE sqitch.z (id serial PRIMARY KEY)"),
    "a schema with a function": (
        SQITCH,
        "CREATE FUNCTION sqitch.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    "a schema whose main table is gone": (SQITCH, "DROP TABLE sqitch.changes"),
    "an own table without the table of marks": (OWN, "DROP TABLE _yoyo_migration"),
    "an own table in another schema than that of marks": (
        f"CREATE SCHEMA other; {OWN}",
        "ALTER TABLE _yoyo_migration SET SCHEMA other",
    ),
}


@pytest.mark.parametrize(
    ("creation", "change"), NO_LONGER_LEFT_OUT.values(), ids=NO_LONGER_LEFT_OUT.keys()
)
def test_what_is_no_longer_left_out_is_seen_with_all_that_belongs_to_it(
    database: Database, watch: Watch, creation: str, change: str
) -> None:
    database.execute(creation)
    left = snapshot(database.connection)
    assert sees_all_of(watch, database, "SELECT 1", change)
    assert watch.look() != left


def test_nor_does_what_was_altered_before_hide_what_belongs_to_it(
    database: Database, watch: Watch
) -> None:
    creation, change = NO_LONGER_LEFT_OUT["a table that its extension loses"]
    database.execute(creation)
    watch.look()
    watch.look()
    database.execute("COMMENT ON TABLE x IS 'x'")
    watch.look()
    database.execute(change)
    assert sees_all(watch, database)


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


def test_that_an_object_is_left_out_says_nothing_of_another_with_its_number(
    database: Database, watch: Watch
) -> None:
    database.execute("CREATE TEMP TABLE t (a int)")
    database.execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    number = database.value("SELECT 't'::regclass::oid")
    watch.look()
    database.execute(
        f"UPDATE pg_proc SET oid = {number} WHERE proname = 'f'; ALTER TABLE t ADD b int"
    )
    assert sees_all(watch, database)


def life_of(kind: Kind) -> st.SearchStrategy[tuple[str, ...]]:
    """An object of that kind is made, may be altered, and may be dropped."""
    return st.tuples(
        st.just(kind.before + kind.create),
        st.sampled_from((*kind.alterations, "")),
        st.sampled_from((kind.drop, "")),
    )


# A database with a subscription cannot be dropped.
LIVES = st.sampled_from([kind for kind in KINDS if kind.name != "subscription"]).flatmap(life_of)


@settings(max_examples=examples(5), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=st.lists(LIVES, min_size=4, max_size=12))
def test_whatever_is_done_in_whatever_order_it_sees_the_same_as_a_snapshot(
    server_of_run: Server, lives: list[tuple[str, ...]]
) -> None:
    """Scripts that fail, because of what is there or not, change nothing."""
    with server_of_run.database(server_of_run.empty()) as database:
        database.execute(SURROUNDINGS)
        with database.another_connection() as connection:
            watch = Watch(connection)
            watch.look()
            assert any([*map(partial(changes_nothing_unseen, watch, database), flat(lives))])


def flat(lives: list[tuple[str, ...]]) -> Iterator[str]:
    return filter(None, itertools.chain.from_iterable(lives))


def changes_nothing_unseen(watch: Watch, database: Database, script: str) -> bool:
    """Whether the script succeeds; what it does is seen."""
    try:
        database.execute(script)
    except psycopg.Error:
        is_done = False
    else:
        is_done = True
    assert sees_all(watch, database), script
    return is_done
