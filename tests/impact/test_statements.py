"""What is seen of a statement is what PostgreSQL's manual says that it locks and does: on empty and
on filled tables, for a superuser and for a role that owns nothing but its database."""

from __future__ import annotations

import psycopg
import pytest

from sqlmig.impact.locks import Blocks
from tests.database import Database
from tests.impact.observed import observed, told
from tests.impact.statements import FILL, SCHEMA, statements


def differences(url: str, expected: dict[str, str]) -> dict[str, tuple[str, str]]:
    seen = {statement: told(found) for statement, found in observed(url, expected).items()}
    return {s: (e, seen[s]) for s, e in expected.items() if seen[s] != e}


def version(database: Database) -> int:
    return int(database.value("SHOW server_version_num"))


def test_the_table_has_every_kind() -> None:
    assert len(statements(150000)) > 60


def test_each_statement_does_what_the_manual_says(database: Database) -> None:
    database.execute(f"CREATE SCHEMA aside; {SCHEMA}")
    assert differences(database.url, statements(version(database))) == {}


def test_it_is_the_same_for_a_role_without_privileges(database: Database, ordinary: str) -> None:
    with psycopg.connect(ordinary, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA aside; {SCHEMA}".encode())
    expected = statements(version(database), is_superuser=False)
    assert differences(ordinary, expected) == {}


@pytest.mark.long_form
def test_filled_tables_are_blocked_in_the_same_way(database: Database) -> None:
    """Which tables are read without being blocked may depend on the plan."""
    database.execute(f"CREATE SCHEMA aside; {SCHEMA}")
    expected = statements(version(database))
    empty = blocked(database.url, expected)
    database.execute(FILL)
    assert blocked(database.url, expected) == empty


def blocked(url: str, expected: dict[str, str]) -> dict[str, str]:
    found = observed(url, expected).items()
    return {s: told(t for t in each if t.blocks is not Blocks.NOTHING) for s, each in found}
