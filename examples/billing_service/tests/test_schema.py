"""The rules that the schema keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from billing.schema import settings

from sqlmig import Config, Migrator


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_an_invoice_is_for_more_than_nothing(database: str, amount: str) -> None:
    with psycopg.connect(database) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("INSERT INTO invoices VALUES ('2026-002', 'Bob', %s)", (amount,))


def test_a_paid_invoice_is_no_longer_open(seeded: str) -> None:
    with psycopg.connect(seeded) as connection:
        assert connection.execute("SELECT number FROM open_invoices").fetchall() == [("2026-001",)]
        connection.execute("INSERT INTO payments (invoice, amount) VALUES ('2026-001', 120)")
        assert connection.execute("SELECT number FROM open_invoices").fetchall() == []


def test_the_check_finds_what_was_paid_twice(seeded: str) -> None:
    with psycopg.connect(seeded) as connection:
        for _ in range(2):
            connection.execute("INSERT INTO payments (invoice, amount) VALUES ('2026-001', 120)")
    results = Migrator(settings(seeded)).check()
    assert [result.has_failed for result in results] == [True]


def test_the_command_line_has_the_settings_of_the_service() -> None:
    assert Config.load(Path(__file__).parent.parent, environ={}) == replace(
        settings(), project=Path(__file__).parent.parent, database=None
    )
