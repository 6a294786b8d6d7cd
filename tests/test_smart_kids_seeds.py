"""The seeds and the verification checklist of Smart Kids Academy, on the real schema."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from sqlmig import Config, Migrator
from sqlmig.embedded.programs import chosen_folder, find_programs
from sqlmig.errors import ProtectedTableError, SanityCheckError
from sqlmig.model import CheckOutcome
from sqlmig.plan import Since
from tests.database import Database, Server

PAYMENTS = "alter table payments"
# What somebody could do to the schema, and the check that tells.
DAMAGE = {
    "010_academic_sessions_populated": (
        "delete from student_fee_ledgers; delete from academic_sessions"
    ),
    "020_all_tables_exist": "alter table ledger_adjustments rename to adjustments",
    "031_adjustment_of_unknown_type_is_refused": (
        "alter table ledger_adjustments drop constraint ledger_adjustments_type_check"
    ),
    "032_orphaned_adjustment_is_refused": (
        "alter table ledger_adjustments drop constraint ledger_adjustments_ledger_id_fkey"
    ),
    "033_second_ledger_of_a_student_is_refused": (
        "alter table student_fee_ledgers drop constraint"
        " student_fee_ledgers_student_id_academic_session_id_key"
    ),
    "034_orphaned_ledger_is_refused": (
        "alter table student_fee_ledgers drop constraint"
        " student_fee_ledgers_academic_session_id_fkey"
    ),
    "035_second_session_of_a_name_is_refused": (
        "alter table academic_sessions drop constraint academic_sessions_name_key"
    ),
    "041_payment_of_unknown_mode_is_refused": (PAYMENTS + " drop constraint payments_mode_check"),
    "042_payment_of_nothing_is_refused": PAYMENTS + " drop constraint payments_amount_check",
    "043_orphaned_payment_is_refused": PAYMENTS + " drop constraint payments_ledger_id_fkey",
    "044_ledger_with_payments_stays": PAYMENTS + " drop constraint payments_ledger_id_fkey",
    "050_ledger_summary_adds_up": (
        "create or replace view ledger_summary as select id as ledger_id, student_id, class_id,"
        " 0::bigint as base_total, 0::bigint as adjustments_total, 0::bigint as paid_total"
        " from student_fee_ledgers"
    ),
    "051_ledger_summary_agrees_with_the_rows": (
        "create or replace view ledger_summary as select id as ledger_id, student_id, class_id,"
        " 0::bigint as base_total, 0::bigint as adjustments_total, 0::bigint as paid_total"
        " from student_fee_ledgers"
    ),
    "061_update_of_payments_is_refused": "drop trigger payments_append_only on payments",
    "062_delete_from_payments_is_refused": (
        "alter table payments disable trigger payments_append_only"
    ),
    "063_truncate_of_payments_is_refused": (
        "alter table payments enable trigger payments_append_only"
    ),
    "064_change_of_payments_through_a_parent_is_refused": (
        "drop trigger payments_append_only_rows on payments"
    ),
}


@pytest.fixture
def template(request: pytest.FixtureRequest, server_of_run: Server, smart_kids: Path) -> str:
    """An empty database, or a seeded one for a test that asks for damage to it."""
    if "damage" not in request.fixturenames:
        return server_of_run.empty()
    return server_of_run.template(
        "smart_kids_seeded", lambda url: seeded(smart_kids, url, "development")
    )


def migrator(smart_kids: Path, url: str, environment: str) -> Migrator:
    arguments = {"database": url, "environment": environment}
    return Migrator(Config.load(smart_kids, arguments, environ={}))


def seeded(smart_kids: Path, url: str, environment: str) -> Migrator:
    found = migrator(smart_kids, url, environment)
    found.apply()
    found.seed()
    return found


def rows_dumped(database: Database) -> str:
    program = find_programs(chosen=chosen_folder()).folder / "pg_dump"
    command = [str(program), "--data-only", "--exclude-table=_*", database.url]
    dumped = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in dumped.splitlines() if not line.startswith(("\\", "--")))


@contextmanager
def another_database(database: Database) -> Iterator[Database]:
    """An empty one on the same server, dropped at the end."""
    name = f"{database.value('select current_database()')}_other"
    database.execute(f"create database {name} template template0")
    try:
        with psycopg.connect(database.url, dbname=name, autocommit=True) as connection:
            yield Database(connection)
    finally:
        database.execute(f"drop database {name} with (force)")


def test_production_gets_the_academic_session_and_nothing_else(
    smart_kids: Path, database: Database
) -> None:
    seeded(smart_kids, database.url, "production")
    assert database.rows(
        "select name, start_date::text, end_date::text from academic_sessions"
    ) == [("2025-26", "2025-06-01", "2026-03-31")]
    for table in ("student_fee_ledgers", "ledger_adjustments", "payments"):
        assert database.value(f"select count(*) from {table}") == 0


def test_development_gets_ledgers_for_the_demo_students_but_no_money(
    smart_kids: Path, database: Database
) -> None:
    seeded(smart_kids, database.url, "development")
    assert database.value("select count(*) from student_fee_ledgers") == 60
    assert database.value("select min(base_total) from ledger_summary") == 20000
    assert database.value("select count(*) from payments") == 0
    assert database.value("select count(*) from ledger_adjustments") == 0


@pytest.mark.parametrize("environment", ["development", "testing", "production"])
def test_a_second_run_changes_nothing(
    smart_kids: Path, database: Database, environment: str
) -> None:
    seeds = seeded(smart_kids, database.url, environment)
    before = rows_dumped(database)
    assert not any(result.written for result in seeds.seed().results)
    assert seeds.prove_seeds() == []
    assert rows_dumped(database) == before


def test_two_databases_seeded_for_testing_have_the_same_rows(
    smart_kids: Path, database: Database
) -> None:
    seeded(smart_kids, database.url, "testing")
    with another_database(database) as other:
        seeded(smart_kids, other.url, "testing")
        assert rows_dumped(database) == rows_dumped(other)
    assert rows_dumped(database).count("2d1f6b52-0c57") == 2


def test_what_was_rolled_back_is_applied_and_seeded_again(
    smart_kids: Path, database: Database
) -> None:
    changes = seeded(smart_kids, database.url, "testing")
    before = rows_dumped(database)
    changes.rollback(Since("002"))
    changes.apply()
    changes.seed()
    assert rows_dumped(database) == before


def test_the_checklist_holds(smart_kids: Path, database: Database) -> None:
    results = seeded(smart_kids, database.url, "development").check()
    assert {result.outcome for result in results} == {CheckOutcome.PASSED}
    assert {result.name for result in results} == DAMAGE.keys()
    assert database.value("select count(*) from student_fee_ledgers") == 60


@pytest.mark.parametrize(("check", "damage"), DAMAGE.items(), ids=DAMAGE)
def test_the_check_tells_of_the_damage(
    smart_kids: Path, database: Database, check: str, damage: str
) -> None:
    seeds = migrator(smart_kids, database.url, "development")
    database.execute(damage)
    failed = {result.name for result in seeds.check() if result.has_failed}
    assert check in failed


def test_the_schema_goes_in_and_out_of_an_empty_production_database_without_a_question(
    smart_kids: Path, database: Database
) -> None:
    changes = migrator(smart_kids, database.url, "production")
    changes.apply()
    changes.rollback(Since("004"))
    assert database.applied()[-1] == "003_student_fee_ledgers"


def test_with_rows_the_rollback_is_refused_and_says_how_many(
    smart_kids: Path, database: Database
) -> None:
    changes = seeded(smart_kids, database.url, "production")
    database.execute(
        "insert into student_fee_ledgers (student_id, class_id, academic_session_id,"
        " base_components) select 'student-1', 'class-1', id, '[]' from academic_sessions;"
        "insert into payments (ledger_id, student_id, amount, mode, collected_by)"
        " select id, student_id, 100, 'CASH', 'office' from student_fee_ledgers"
    )
    with pytest.raises(ProtectedTableError) as refused:
        changes.rollback(Since("004"))
    assert "005_payments would drop payments, which has 1 row" in str(refused.value)
    assert "1 failed, 3 not rolled back, 1 not attempted." in str(refused.value)
    changes.apply()
    assert database.value("select count(*) from payments") == 1


def test_a_seed_that_empties_the_checklist_is_undone(smart_kids: Path, database: Database) -> None:
    changes = seeded(smart_kids, database.url, "testing")
    database.execute("alter table payments disable trigger user")
    database.execute("delete from academic_sessions where name = '2024-25'")
    with pytest.raises(SanityCheckError, match="All seeds were undone"):
        changes.seed()
    assert database.value("select count(*) from academic_sessions") == 1
