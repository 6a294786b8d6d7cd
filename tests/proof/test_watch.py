"""A snapshot that is read from what is new is the one that is read from everything.

That it is so after every alteration of every kind is in test_kinds.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sqlmig.proof.catalog import snapshot
from sqlmig.proof.watch import Watch
from tests.database import Database


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
