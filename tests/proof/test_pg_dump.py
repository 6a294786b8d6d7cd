"""Two states of a database have the same snapshot exactly when pg_dump writes the same of both.

The short form tries 10 sequences of DDL; SQLMIG_TEST_EXAMPLES=500 the long one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import psycopg
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from sqlmig.proof.catalog import SchemaSnapshot, snapshot
from tests.database import Database
from tests.proof.kinds import KINDS, OTHER_ROLE
from tests.thorough import examples

# What a snapshot sees and pg_dump does not write, and why.
UNWRITTEN = {
    "ALTER TABLE t DISABLE TRIGGER ALL": "pg_dump writes no triggers of foreign keys",
    "UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'plpgsql'": "pg_dump writes no "
    "versions of extensions",
    "ALTER EXTENSION plpgsql DROP FUNCTION plpgsql_validator(oid)": "pg_dump takes the members of "
    "extensions as they come",
}

# What pg_dump leaves out as soon as it has happened, with all else that is true of the object.
LEFT_OUT = {
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass": "pg_dump writes no "
    "invalid index",
}

KIND_STATEMENTS = [
    [
        kind.before + kind.create,
        *(part for part in (*kind.alterations, kind.drop) if part not in UNWRITTEN | LEFT_OUT),
    ]
    for kind in KINDS
    if kind.name not in ("subscription", "extension")
]


@st.composite
def sequences(draw: st.DrawFn) -> list[str]:
    """Makes objects of some kinds, alters and drops some of them."""
    kinds = draw(st.lists(st.sampled_from(KIND_STATEMENTS), min_size=1, max_size=2))
    found = [kind[0] for kind in kinds]
    pool = st.sampled_from([each for kind in kinds for each in kind])
    return found + draw(st.lists(pool, min_size=1, max_size=4))


State = tuple[SchemaSnapshot, Counter[str]]


def states(server: Database, statements: Sequence[str]) -> Iterator[State]:
    """The states of a new database after each statement, those that fail left out."""
    name = f"{server.connection.info.dbname}_dumped"
    server.execute(f"DROP DATABASE IF EXISTS {name}")
    server.execute(f"CREATE DATABASE {name}")
    url = server.url.replace(f"/{server.connection.info.dbname}?", f"/{name}?")
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            database = Database(connection)
            database.execute("CREATE SCHEMA other")
            for statement in statements:
                try:
                    database.execute(statement)
                except psycopg.Error as error:
                    event(f"refused: {error.sqlstate}")
                else:
                    yield snapshot(connection), written(database)
    finally:
        server.execute(f"DROP DATABASE {name}")


# The order of columns is not part of a snapshot.
IN_ANY_ORDER = re.compile(
    r"CREATE (?:UNLOGGED |FOREIGN )?TABLE |CREATE TYPE .* AS \($", re.MULTILINE
)


def written(database: Database) -> Counter[str]:
    """The statements of pg_dump in any order, with the columns of a table in any order."""
    statements = re.split(r"^(?=[A-Z])", database.dump(), flags=re.MULTILINE)
    return Counter(map(_in_order, statements))


def _in_order(statement: str) -> str:
    if not IN_ANY_ORDER.match(statement):
        return statement
    return "\n".join(sorted(line.rstrip(",") for line in statement.splitlines()))


@settings(
    max_examples=examples(5),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=sequences(), second=sequences())
def test_snapshots_are_equal_exactly_when_dumps_are(
    database: Database, first: list[str], second: list[str]
) -> None:
    database.execute(
        f"DO $$BEGIN CREATE ROLE {OTHER_ROLE}; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END$$"
    )
    every = [*states(database, first), *states(database, first[:1] + second)]
    for (left, left_dump), (right, right_dump) in combinations(every, 2):
        event(f"equal: {left.objects == right.objects}")
        assert (left.objects == right.objects) == (left_dump == right_dump)


@pytest.mark.parametrize("alteration", UNWRITTEN)
def test_what_is_named_as_unwritten_is_seen_and_not_written(
    database: Database, alteration: str
) -> None:
    kind = next(kind for kind in KINDS if alteration in kind.alterations)
    database.execute("CREATE SCHEMA other")
    database.execute(kind.before)
    database.execute(kind.create)
    before = snapshot(database.connection), written(database)
    database.execute(alteration)
    assert snapshot(database.connection) != before[0]
    assert written(database) == before[1]
