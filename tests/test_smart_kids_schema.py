"""The Smart Kids Academy schema: as its document gives it, and what its checklist demands."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg.errors import ForeignKeyViolation, RestrictViolation

from sqlmig import Config, Migrator, Outcome
from sqlmig.model import MigrationState
from sqlmig.plan import Since
from tests.database import Database, Server

LEDGER = "10000000-0000-0000-0000-000000000001"
ALL = {
    "academic_sessions",
    "student_fee_ledgers",
    "ledger_adjustments",
    "payments",
    "ledger_summary",
}


@pytest.fixture
def migrator(smart_kids: Path, database: Database) -> Migrator:
    return Migrator(Config.load(smart_kids, {"database": database.url}))


@pytest.fixture
def template(request: pytest.FixtureRequest, server_of_run: Server, smart_kids: Path) -> str:
    """An empty database, or the schema for a test that asks for the school."""
    if "school" not in request.fixturenames:
        return server_of_run.empty()
    return server_of_run.template(
        "smart_kids", lambda url: Migrator(Config.load(smart_kids, {"database": url})).apply()
    )


@pytest.fixture
def school(database: Database) -> Database:
    """The schema with one ledger, one adjustment and one payment."""
    database.execute(
        f"""
        INSERT INTO academic_sessions (id, name, start_date, end_date)
        VALUES ('{LEDGER}', '2025-26', '2025-06-01', '2026-03-31');
        INSERT INTO student_fee_ledgers (id, student_id, class_id, academic_session_id,
                                         base_components)
        VALUES ('{LEDGER}', 'student-1', 'class-1', '{LEDGER}',
                '[{{"name": "tuition", "amount": 1000}}, {{"name": "bus", "amount": 200}}]');
        INSERT INTO ledger_adjustments (ledger_id, type, amount, reason, approved_by)
        VALUES ('{LEDGER}', 'DISCOUNT', -100, 'sibling', 'head');
        INSERT INTO payments (ledger_id, student_id, amount, mode, collected_by)
        VALUES ('{LEDGER}', 'student-1', 500, 'UPI', 'desk');
        """
    )
    return database


def test_the_whole_schema_is_applied_and_a_second_apply_does_nothing(
    migrator: Migrator, database: Database
) -> None:
    assert len(migrator.apply().ids(Outcome.DONE)) == 8
    assert database.tables() == ALL
    assert migrator.apply().results == ()


def test_rollback_004_leaves_001_to_003_and_applying_again_gives_the_same_schema(
    migrator: Migrator, database: Database
) -> None:
    migrator.apply("003")
    before, only_three = database.applied(), database.dump()
    migrator.apply()
    whole = database.dump()
    migrator.rollback(Since("004"))
    assert database.applied() == before
    assert database.dump() == only_three
    assert [status.state for status in migrator.status()] == (
        [MigrationState.APPLIED] * 3 + [MigrationState.PENDING] * 5
    )
    migrator.apply()
    assert database.dump() == whole


def test_every_rollback_restores_the_schema_before(migrator: Migrator, database: Database) -> None:
    hidden = ("--exclude-table=_yoyo*", "--exclude-table=_sqlmig*")
    migrator.apply("001")
    migrator.rollback(Since("001"))
    steps = [database.dump(*hidden)]
    for number in range(1, 9):
        migrator.apply(str(number))
        steps.append(database.dump(*hidden))
    for number in range(8, 0, -1):
        assert database.dump(*hidden) == steps[number]
        migrator.rollback(Since(str(number)))
        assert database.dump(*hidden) == steps[number - 1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments SET amount = 1",
        "UPDATE payments SET amount = 1 WHERE false",
        "DELETE FROM payments",
        "DELETE FROM payments WHERE false",
        "TRUNCATE payments",
        "TRUNCATE student_fee_ledgers CASCADE",
        "SET session_replication_role = replica; DELETE FROM payments",
        "MERGE INTO payments USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    ],
)
def test_payments_refuse_change_even_to_their_owner(school: Database, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="payments is append-only"):
        school.execute(statement)
    assert school.rows("SELECT amount FROM payments") == [(500,)]


IN_A_PARENT = "CREATE TABLE par (LIKE payments INCLUDING DEFAULTS)"
PARENTS = {
    "inherits": f"{IN_A_PARENT}; ALTER TABLE payments INHERIT par",
    "is a partition": (
        f"{IN_A_PARENT} PARTITION BY LIST (mode); ALTER TABLE par ATTACH PARTITION payments DEFAULT"
    ),
    "is a partition of a partition": (
        f"{IN_A_PARENT} PARTITION BY LIST (mode);"
        " CREATE TABLE mid (LIKE payments INCLUDING DEFAULTS) PARTITION BY LIST (mode);"
        " ALTER TABLE par ATTACH PARTITION mid DEFAULT;"
        " ALTER TABLE mid ATTACH PARTITION payments DEFAULT"
    ),
}


@pytest.mark.parametrize("parent", PARENTS.values(), ids=PARENTS)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE par SET amount = 1",
        "DELETE FROM par",
        "TRUNCATE par",
        "SET session_replication_role = replica; DELETE FROM par",
        "MERGE INTO par USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    ],
)
def test_payments_refuse_change_through_a_parent_table(
    school: Database, parent: str, statement: str
) -> None:
    school.execute(parent)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="payments is append-only"):
        school.execute(statement)
    assert school.rows("SELECT amount FROM payments") == [(500,)]


@pytest.mark.parametrize("parent", PARENTS.values(), ids=PARENTS)
def test_a_role_with_rights_on_a_parent_alone_cannot_change_payments(
    school: Database, parent: str
) -> None:
    school.execute(parent)
    school.execute("CREATE ROLE clerk; GRANT ALL ON par TO clerk")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="payments is append-only"):
            school.execute("SET ROLE clerk; UPDATE par SET amount = 1")

    finally:
        school.execute("RESET ROLE")
        school.execute("DROP OWNED BY clerk; DROP ROLE clerk")
    assert school.rows("SELECT amount FROM payments") == [(500,)]


def test_a_ledger_with_payments_cannot_go(school: Database) -> None:
    with pytest.raises((ForeignKeyViolation, RestrictViolation)):
        school.execute("DELETE FROM student_fee_ledgers")


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE ledger_adjustments SET type = 'GIFT'", psycopg.errors.CheckViolation),
        ("UPDATE ledger_adjustments SET reason = NULL", psycopg.errors.NotNullViolation),
        (
            "INSERT INTO payments (ledger_id, student_id, amount, mode, collected_by) "
            f"VALUES ('{LEDGER}', 's', 0, 'UPI', 'desk')",
            psycopg.errors.CheckViolation,
        ),
        (
            "INSERT INTO payments (ledger_id, student_id, amount, mode, collected_by) "
            f"VALUES ('{LEDGER}', 's', 1, 'GOLD', 'desk')",
            psycopg.errors.CheckViolation,
        ),
        (
            "INSERT INTO student_fee_ledgers (student_id, class_id, academic_session_id, "
            f"base_components) VALUES ('student-1', 'x', '{LEDGER}', '[]')",
            psycopg.errors.UniqueViolation,
        ),
        (
            "INSERT INTO ledger_adjustments (ledger_id, type, amount, reason, approved_by) "
            "VALUES (uuid_generate_v4(), 'EXTRA', 1, 'x', 'y')",
            psycopg.errors.ForeignKeyViolation,
        ),
    ],
)
def test_the_constraints_are_active(
    school: Database, statement: str, error: type[psycopg.Error]
) -> None:
    with pytest.raises(error):
        school.execute(statement)


def test_the_summary_adds_up(school: Database) -> None:
    assert school.rows(
        "SELECT student_id, class_id, base_total, adjustments_total, paid_total FROM ledger_summary"
    ) == [("student-1", "class-1", 1200, -100, 500)]
