"""The guard and the baseline that met accounts which were there before them."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from sqlmig import MigrationFailedError, Migrator, Outcome
from sqlmig.plan import Since
from tests.aec_admin.rows import add_account
from tests.database import Database

BASELINE = "2025-09-11 16:06:28.898529+00"
IS_VALID = "SELECT convalidated FROM pg_constraint WHERE conname = 'chk_accounts_v2_status_logic'"
TIMES = "SELECT account_code, updated_at::text FROM accounts_v2 ORDER BY account_code"


def test_the_status_guard_is_added_without_reading_the_accounts_and_validated_later(
    migrator: Migrator, database: Database
) -> None:
    migrator.apply("007")
    add_account(database, "001", status="prospect", start_year=2024)
    migrator.apply("008")
    assert database.value(IS_VALID) is False
    with pytest.raises(errors.CheckViolation):
        add_account(database, "002", status="prospect", start_year=2024)
    with pytest.raises(MigrationFailedError, match="chk_accounts_v2_status_logic"):
        migrator.apply("009")
    database.execute("UPDATE accounts_v2 SET start_year = NULL")
    migrator.apply("009")
    assert database.value(IS_VALID) is True
    migrator.rollback(Since("009"))
    assert database.value(IS_VALID) is False


@pytest.mark.parametrize(
    ("before", "breaking", "migration"),
    [
        ("002", {"account_name": " "}, "003"),
        ("002", {"country": ""}, "003"),
        ("003", {"type": "company"}, "004"),
        ("004", {"service": "XX"}, "005"),
        ("005", {"status": "paused"}, "006"),
        ("006", {"status": "active", "start_year": None}, "009"),
    ],
)
def test_an_account_that_breaks_a_rule_stops_the_migration_that_brings_the_rule(
    migrator: Migrator,
    database: Database,
    before: str,
    breaking: dict[str, object],
    migration: str,
) -> None:
    migrator.apply(before)
    add_account(database, "001", **breaking)
    with pytest.raises(MigrationFailedError) as failed:
        migrator.apply()
    (stopped,) = failed.value.report.ids(Outcome.FAILED)
    assert stopped.startswith(migration)


def test_accounts_from_before_begin_at_the_baseline(migrator: Migrator, database: Database) -> None:
    migrator.apply("010")
    add_account(database, "001", updated_at="2025-09-01 10:00:00+00")
    add_account(database, "003-A", updated_at="2025-09-15 10:00:00+00")
    migrator.apply("011")
    assert database.value(f"SELECT bool_and(updated_at = '{BASELINE}') FROM accounts_v2")
    add_account(database, "002")
    assert database.value(
        f"SELECT updated_at <> '{BASELINE}' FROM accounts_v2 WHERE account_code = '002'"
    )


def test_after_the_baseline_the_trigger_is_at_work_as_account_001_shows(
    migrator: Migrator, database: Database
) -> None:
    migrator.apply("010")
    add_account(database, "001")
    add_account(database, "002")
    migrator.apply("011")
    database.execute("UPDATE accounts_v2 SET country = 'Japan' WHERE account_code = '001'")
    assert database.rows(
        f"SELECT account_code, updated_at = '{BASELINE}' FROM accounts_v2 ORDER BY 1"
    ) == [("001", False), ("002", True)]


def test_the_rollback_of_the_baseline_brings_the_old_times_back(
    migrator: Migrator, database: Database
) -> None:
    migrator.apply("010")
    add_account(database, "001", updated_at="2025-09-01 10:00:00.123456+00")
    add_account(database, "002", updated_at="2025-09-02 10:00:00+00")
    add_account(database, "003", updated_at="2025-09-03 10:00:00+00")
    before = database.rows(TIMES)
    migrator.apply("011")
    migrator.rollback(Since("011"))
    assert database.rows(TIMES) == before
    database.execute("UPDATE accounts_v2 SET country = 'Japan' WHERE account_code = '001'")
    assert database.rows(TIMES)[1:] == before[1:]
    assert database.rows(TIMES)[0] != before[0]


def test_an_account_changed_since_the_baseline_keeps_its_newer_time(
    migrator: Migrator, database: Database
) -> None:
    migrator.apply("010")
    add_account(database, "001", updated_at="2025-09-01 10:00:00+00")
    add_account(database, "002", updated_at="2025-09-02 10:00:00+00")
    before = database.rows(TIMES)
    migrator.apply("011")
    database.execute("UPDATE accounts_v2 SET country = 'Japan' WHERE account_code = '001'")
    add_account(database, "003")
    changed = database.rows(TIMES)
    migrator.rollback(Since("011"))
    assert database.rows(TIMES) == [changed[0], before[1], changed[2]]


def test_a_register_that_cannot_be_made_leaves_the_accounts_alone(
    migrator: Migrator, database: Database
) -> None:
    migrator.apply("012")
    database.execute("CREATE TABLE account_codes ()")
    with pytest.raises(MigrationFailedError, match="already exists"):
        migrator.apply("013")
    add_account(database)
    with pytest.raises(psycopg.errors.UniqueViolation, match="accounts_v2_pkey"):
        add_account(database)
