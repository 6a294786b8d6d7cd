"""The seeds of each environment: they fit the rules, and a second run changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sqlmig import Migrator
from sqlmig.plan import Since
from tests.database import Database

TIERS = {
    "development": ("reference", "demo"),
    "testing": ("reference", "testing"),
    "production": ("reference",),
}


def seed(database: Database, project: Path, environment: str) -> None:
    """Runs the environment's files as one transaction."""
    with database.connection.transaction():
        for tier in TIERS[environment]:
            for path in sorted((project / "sql/seeds" / tier).glob("*.sql")):
                database.execute(path.read_text(encoding="utf-8"))


def contents(database: Database, columns: str = "t::text") -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table and view."""
    return {
        relation: database.rows(f"SELECT {columns} FROM {relation} t ORDER BY 1")
        for relation in sorted(database.tables())
        if columns == "t::text" or not relation.startswith("v_")
    }


@pytest.mark.parametrize("environment", TIERS)
def test_a_second_run_writes_no_row(built: Database, aec_admin: Path, environment: str) -> None:
    seed(built, aec_admin, environment)
    first = contents(built, "ctid::text, xmin::text, t::text")
    assert len(first["accounts_v2"]) >= 1
    seed(built, aec_admin, environment)
    assert contents(built, "ctid::text, xmin::text, t::text") == first


def test_two_databases_for_tests_have_the_same_contents(
    migrator: Migrator, database: Database, aec_admin: Path
) -> None:
    seen = []
    for _ in range(2):
        migrator.apply()
        seed(database, aec_admin, "testing")
        seen.append(contents(database))
        migrator.rollback(Since("001"))
    assert seen[0] == seen[1]
    assert [table for table, rows in seen[0].items() if not rows] == ["accounts_v2_before_baseline"]


def test_the_rows_for_the_planned_migrations_move_back_and_forth(
    migrator: Migrator, database: Database, aec_admin: Path
) -> None:
    migrator.apply()
    seed(database, aec_admin, "testing")
    settled = database.rows("SELECT * FROM v_invoice_settlements")
    migrator.rollback(Since("020"))
    assert database.rows("SELECT invoice_no, account_id FROM invoices ORDER BY 1") == [
        ("TEST-0001", 17),
        ("TEST-0002", 42),
    ]
    migrator.apply()
    assert database.rows("SELECT * FROM v_invoice_settlements") == settled


def test_each_environment_has_its_accounts(built: Database, aec_admin: Path) -> None:
    codes = "SELECT string_agg(account_code, ' ' ORDER BY account_code) FROM accounts_v2"
    for environment, expected in {
        "production": "001",
        "testing": "001 002 003-A 004",
        "development": "001 002 003 003-A 004 005",
    }.items():
        with built.connection.transaction(force_rollback=True):
            seed(built, aec_admin, environment)
            assert built.value(codes) == expected, environment
