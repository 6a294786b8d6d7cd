"""Codes never change and are never given again."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from sqlmig import Migrator
from sqlmig.plan import Since
from tests.aec_admin.rows import add_account, add_contact, insert
from tests.database import Database


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_v2 SET account_code = '002'",
        "UPDATE accounts_v2 SET account_code = account_code || '-A', country = 'Japan'",
        "INSERT INTO accounts_v2 (account_code, account_name, type, service, status) VALUES "
        "('001', 'x', 'individual', 'TF', 'prospect') "
        "ON CONFLICT (account_code) DO UPDATE SET account_code = '002'",
        "MERGE INTO accounts_v2 a USING (SELECT) s ON true "
        "WHEN MATCHED THEN UPDATE SET account_code = '002'",
    ],
)
def test_a_code_does_not_change(built: Database, statement: str) -> None:
    add_account(built)
    with pytest.raises(errors.IntegrityConstraintViolation, match="code 001 is immutable"):
        built.execute(statement)
    assert built.rows("SELECT account_code FROM accounts_v2") == [("001",)]


def test_writing_the_same_code_is_no_change(built: Database) -> None:
    add_account(built)
    built.execute("UPDATE accounts_v2 SET account_code = '001', country = 'Japan'")
    assert built.value("SELECT country FROM accounts_v2") == "Japan"


def test_the_code_of_a_deleted_account_is_not_given_again(built: Database) -> None:
    add_account(built, "003-A")
    built.execute("DELETE FROM accounts_v2")
    with pytest.raises(errors.UniqueViolation, match="code 003-A was given before") as refused:
        add_account(built, "003-A")
    assert refused.value.diag.constraint_name == "trg_accounts_v2_register_code"
    add_account(built, "003-B")


def test_nor_is_it_by_copy(built: Database) -> None:
    add_account(built, "003-A")
    built.execute("DELETE FROM accounts_v2")
    copy = "COPY accounts_v2 (account_code, account_name, type, service, status) FROM STDIN"
    with (
        pytest.raises(errors.UniqueViolation, match="given before"),
        built.connection.cursor() as cursor,
        cursor.copy(copy) as rows,
    ):
        rows.write_row(("003-A", "Somebody", "individual", "TF", "prospect"))


def test_nor_is_it_in_the_transaction_that_deletes_or_after_a_truncate(built: Database) -> None:
    add_account(built)
    with built.connection.transaction(force_rollback=True):
        built.execute("DELETE FROM accounts_v2")
        with pytest.raises(errors.UniqueViolation):
            add_account(built)
    built.execute("TRUNCATE accounts_v2 CASCADE")
    with pytest.raises(errors.UniqueViolation):
        add_account(built)


def test_an_account_that_was_undone_has_used_no_code(built: Database) -> None:
    with built.connection.transaction(force_rollback=True):
        add_account(built)
    add_account(built)


def test_an_insert_that_meets_its_account_is_no_second_giving(built: Database) -> None:
    add_account(built)
    for action in ("NOTHING", "UPDATE SET account_name = 'Other'"):
        built.execute(
            "INSERT INTO accounts_v2 (account_code, account_name, type, service, status) "
            "VALUES ('001', 'x', 'individual', 'TF', 'prospect') "
            f"ON CONFLICT (account_code) DO {action}"
        )
    assert built.rows("SELECT account_name FROM accounts_v2") == [("Other",)]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM account_codes",
        "DELETE FROM account_codes WHERE false",
        "UPDATE account_codes SET account_code = '999'",
        "TRUNCATE account_codes",
    ],
)
def test_nothing_leaves_the_register(built: Database, statement: str) -> None:
    add_account(built)
    with pytest.raises(errors.IntegrityConstraintViolation, match="account_codes only grows"):
        built.execute(statement)
    assert built.rows("SELECT account_code FROM account_codes") == [("001",)]


def test_accounts_from_before_the_register_are_in_it(
    migrator: Migrator, database: Database
) -> None:
    migrator.apply("012")
    add_account(database, "003-A")
    migrator.apply()
    database.execute("DELETE FROM accounts_v2")
    with pytest.raises(errors.UniqueViolation, match="given before"):
        add_account(database, "003-A")


def test_of_two_sessions_one_gets_the_code(built: Database) -> None:
    add_account(built)
    with built.another_connection() as other, built.connection.transaction():
        built.execute("DELETE FROM accounts_v2")
        other.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.OperationalError):
            other.execute(
                "INSERT INTO accounts_v2 (account_code, account_name, type, service, status) "
                "VALUES ('001', 'x', 'individual', 'TF', 'prospect')"
            )
    with pytest.raises(errors.UniqueViolation):
        add_account(built)


def test_a_role_that_may_make_accounts_needs_no_right_on_the_register(built: Database) -> None:
    built.execute(
        "CREATE ROLE aec_clerk; GRANT INSERT ON accounts_v2 TO aec_clerk; SET ROLE aec_clerk"
    )
    try:
        add_account(built)
        with pytest.raises(errors.InsufficientPrivilege):
            built.execute("INSERT INTO account_codes VALUES ('002')")
    finally:
        built.execute("RESET ROLE; DROP OWNED BY aec_clerk; DROP ROLE aec_clerk")
    assert built.rows("SELECT account_code FROM account_codes") == [("001",)]


def test_contacts_follow_a_code_that_someone_mends_on_purpose(built: Database) -> None:
    add_account(built, "01")
    add_contact(built, "01")
    built.execute("ALTER TABLE accounts_v2 DISABLE TRIGGER trg_accounts_v2_code_immutable")
    built.execute("UPDATE accounts_v2 SET account_code = '001'")
    assert built.value("SELECT account_code FROM account_contacts") == "001"
    assert built.rows("SELECT account_code FROM account_codes ORDER BY 1") == [("001",), ("01",)]
    with pytest.raises(errors.UniqueViolation, match="code 01 was given before"):
        built.execute("UPDATE accounts_v2 SET account_code = '01'")


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("account_learners", {"learner_label": "Group"}),
        ("learning_cycles", {"title": "Cycle", "starts_on": "2024-01-08"}),
        ("invoices", {"invoice_no": "1", "amount": 1, "issued_on": "2024-01-08"}),
    ],
)
def test_an_account_with_learners_or_billing_keeps_its_code_even_then(
    built: Database, table: str, columns: dict[str, object]
) -> None:
    add_account(built, "003-A")
    insert(built, table, account_code="003-A", **columns)
    built.execute("ALTER TABLE accounts_v2 DISABLE TRIGGER trg_accounts_v2_code_immutable")
    with pytest.raises(errors.ForeignKeyViolation):
        built.execute("UPDATE accounts_v2 SET account_code = '003-B'")


def test_the_rollback_of_the_register_leaves_the_accounts(
    migrator: Migrator, database: Database
) -> None:
    migrator.apply()
    add_account(database)
    migrator.rollback(Since("013"))
    assert database.rows("SELECT account_code FROM accounts_v2") == [("001",)]
