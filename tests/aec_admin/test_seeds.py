"""The seeds of each environment: they fit the rules, and a second run changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sqlmig import Config, Migrator
from sqlmig.model import CheckOutcome
from sqlmig.plan import Since
from tests.database import Database

Seeder = Callable[[str], Migrator]

CODES = "SELECT string_agg(account_code, ' ' ORDER BY account_code) FROM accounts_v2"


@pytest.fixture
def seeder(aec_admin: Path, database: Database) -> Seeder:
    """The project in an environment, on the same database."""

    def seeder(environment: str) -> Migrator:
        settings = {"database": database.url, "environment": environment}
        return Migrator(Config.load(aec_admin, settings))

    return seeder


def contents(database: Database, columns: str = "t::text") -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table and view."""
    return {
        relation: database.rows(f"SELECT {columns} FROM {relation} t ORDER BY 1")
        for relation in sorted(database.tables())
        if columns == "t::text" or not relation.startswith("v_")
    }


@pytest.mark.parametrize(
    ("environment", "codes"),
    [
        ("production", "001"),
        ("testing", "001 002 003-A 004"),
        ("development", "001 002 003 003-A 004 005"),
    ],
)
def test_each_environment_has_its_accounts_and_a_second_run_writes_no_row(
    seeder: Seeder, database: Database, environment: str, codes: str
) -> None:
    migrator = seeder(environment)
    migrator.apply()
    first = migrator.seed()
    assert database.value(CODES) == codes
    assert all(result.written for result in first.results)
    assert [check.outcome for check in first.checks] == [CheckOutcome.PASSED] * 6
    rows = contents(database, "ctid::text, xmin::text, t::text")
    assert [result.written for result in migrator.seed().results] == [()] * len(first.results)
    assert contents(database, "ctid::text, xmin::text, t::text") == rows
    assert migrator.prove_seeds() == []


def test_no_money_is_seeded_in_production(seeder: Seeder, database: Database) -> None:
    seeder("production").apply()
    seeder("production").seed()
    assert database.value("SELECT count(*) FROM invoices") == 0
    assert database.value("SELECT count(*) FROM payments") == 0


def test_two_databases_for_tests_have_the_same_contents(seeder: Seeder, database: Database) -> None:
    seen = []
    for _ in range(2):
        seeder("testing").apply()
        seeder("testing").seed()
        seen.append(contents(database))
        seeder("testing").rollback(Since("001"))
    assert seen[0] == seen[1]
    assert [table for table, rows in seen[0].items() if not rows] == ["accounts_v2_before_baseline"]


def test_the_rows_for_the_planned_migrations_move_back_and_forth(
    seeder: Seeder, database: Database
) -> None:
    migrator = seeder("testing")
    migrator.apply()
    migrator.seed()
    settled = database.rows("SELECT * FROM v_invoice_settlements")
    migrator.rollback(Since("020"))
    assert database.rows("SELECT invoice_no, account_id FROM invoices ORDER BY 1") == [
        ("TEST-0001", 17),
        ("TEST-0002", 42),
    ]
    migrator.apply()
    assert database.rows("SELECT * FROM v_invoice_settlements") == settled
