"""Cycles, invoices and payments move from old account numbers to codes, and back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg import errors

from sqlmig import Config, MigrationFailedError, Migrator
from sqlmig.errors import ProtectedTableError
from sqlmig.plan import RowLoss, Since, Transactions
from tests.aec_admin.rows import add_account, add_invoice, insert
from tests.database import Database

LONG = pytest.mark.long_form
TABLES = ("learning_cycles", "invoices", "payments")


@pytest.fixture
def legacy(before_the_move: Database) -> Database:
    """The schema before the move; 17 is the account 002, 42 is 003-A."""
    for number, code in ((17, "002"), (42, "003-A")):
        add_account(before_the_move, code)
        insert(before_the_move, "legacy_account_keys", account_id=number, account_code=code)
    return before_the_move


def contents(database: Database) -> list[tuple[Any, ...]]:
    """For each table, its rows, a hash of every value in them, and its sum of money."""
    money = {"learning_cycles": "0", "invoices": "sum(amount)", "payments": "sum(amount)"}
    return [
        database.rows(
            f"SELECT '{table}', count(*), md5(string_agg(t::text, ',' ORDER BY id)), "
            f"{money[table]} FROM {table} t"
        )[0]
        for table in TABLES
    ]


def sums_by_account(database: Database, key: str) -> list[tuple[Any, ...]]:
    """Rows and money of each account, by that key."""
    counted = {"learning_cycles": "count(*)", "invoices": "sum(amount)", "payments": "sum(amount)"}
    return [
        row
        for table, total in counted.items()
        for row in database.rows(
            f"SELECT '{table}', {key}, count(*), {total} FROM {table} GROUP BY {key} ORDER BY {key}"
        )
    ]


def fill(database: Database, rows: int) -> None:
    """Legacy rows of 1,000 accounts: cycles, invoices, and payments of parts of these."""
    database.execute(
        f"""
        INSERT INTO accounts_v2
          (account_code, account_name, type, service, start_year, status)
        SELECT 'L' || n, 'Account ' || n, 'individual', 'TF', 2021 + n % 5, 'active'
        FROM generate_series(1, 1000) n;
        INSERT INTO legacy_account_keys SELECT 7 * n, 'L' || n FROM generate_series(1, 1000) n;
        INSERT INTO learning_cycles (account_id, title, starts_on, created_at, updated_at)
        SELECT 7 * (1 + n % 1000), 'Cycle ' || n, date '2022-01-01' + n % 900,
               timestamptz '2022-01-01 00:00+00' + n * interval '1 minute',
               timestamptz '2022-06-01 00:00+00' + n * interval '1 minute'
        FROM generate_series(1, {rows // 5}) n;
        INSERT INTO invoices (account_id, invoice_no, amount, issued_on)
        SELECT 7 * (1 + n % 1000), 'L-' || n, 0.01 + n % 99991, date '2022-01-01' + n % 900
        FROM generate_series(1, {rows * 2 // 5}) n;
        INSERT INTO payments (account_id, invoice_id, amount, paid_on)
        SELECT account_id, id, greatest(round(amount / 3, 2), 0.01), issued_on + 10
        FROM invoices
        """
    )


@pytest.mark.parametrize("legacy_rows", [10_000, pytest.param(200_000, marks=LONG)])
def test_legacy_rows_keep_every_row_and_sum_there_and_back(
    migrator: Migrator, before_the_move: Database, legacy_rows: int
) -> None:
    database = before_the_move
    fill(database, legacy_rows)
    before, by_number = contents(database), sums_by_account(database, "account_id")
    assert sum(rows for _, rows, *_ in before) == legacy_rows
    schema = database.dump()

    migrator.apply()
    by_code = sums_by_account(database, "account_code")
    numbers = dict(database.rows("SELECT account_code, account_id FROM legacy_account_keys"))
    assert sorted((table, numbers[code], *sums) for table, code, *sums in by_code) == sorted(
        by_number
    )
    assert [(table, rows, money) for table, rows, _, money in contents(database)] == [
        (table, rows, money) for table, rows, _, money in before
    ]

    migrator.rollback(Since("020"))
    assert contents(database) == before
    assert sums_by_account(database, "account_id") == by_number
    assert database.dump() == schema


@pytest.mark.parametrize("phase", ["020", "021", "022", "023", "024"])
def test_each_phase_can_be_taken_back_with_the_rows_as_they_were(
    migrator: Migrator, legacy: Database, phase: str
) -> None:
    invoice = add_invoice(legacy, "1", account_id=17)
    insert(legacy, "learning_cycles", account_id=42, title="Cycle", starts_on="2024-01-08")
    insert(
        legacy, "payments", account_id=17, invoice_id=invoice, amount="99.99", paid_on="2024-02-01"
    )
    migrator.apply(str(int(phase) - 1))
    rows, schema = contents(legacy), legacy.dump()
    migrator.apply(phase)
    migrator.rollback(Since(phase))
    assert (contents(legacy), legacy.dump()) == (rows, schema)


def test_the_whole_move_can_be_one_transaction(migrator: Migrator, legacy: Database) -> None:
    add_invoice(legacy, "1", account_id=42)
    migrator.apply(transactions=Transactions.TOGETHER)
    assert legacy.rows("SELECT account_code FROM invoices") == [("003-A",)]


@pytest.mark.parametrize(
    ("before", "phase"),
    [("020", "021_account_code_backfill"), ("022", "023_account_code_validate")],
)
def test_others_write_while_rows_are_filled_and_validated(
    migrator: Migrator, legacy: Database, aec_admin: Path, before: str, phase: str
) -> None:
    add_invoice(legacy, "1", account_id=17)
    migrator.apply(before)
    script = (aec_admin / f"sql/migrations/{phase}.sql").read_text(encoding="utf-8")
    with legacy.another_connection() as other, legacy.connection.transaction():
        legacy.execute(script)
        other.execute("SET lock_timeout = '1s'")
        add_invoice(Database(other), "2", account_id=42)
        add_invoice(Database(other), "3", account_code="002")
    assert legacy.rows("SELECT invoice_no, account_id, account_code FROM invoices ORDER BY 1") == [
        ("1", 17, "002"),
        ("2", 42, "003-A"),
        ("3", 17, "002"),
    ]


def test_an_old_number_without_a_code_stops_the_backfill_and_is_named(
    migrator: Migrator, legacy: Database
) -> None:
    add_invoice(legacy, "1", account_id=17)
    add_invoice(legacy, "2", account_id=99)
    insert(legacy, "learning_cycles", account_id=7, title="Cycle", starts_on="2024-01-08")
    migrator.apply("020")
    before = contents(legacy)
    with pytest.raises(MigrationFailedError, match="without an account code: 7, 99") as failed:
        migrator.apply()
    assert failed.value.server is not None
    assert "legacy_account_keys" in str(failed.value.server.hint)
    assert contents(legacy) == before
    for number, code in ((99, "099"), (7, "007")):
        add_account(legacy, code)
        insert(legacy, "legacy_account_keys", account_id=number, account_code=code)
    migrator.apply()
    assert legacy.rows("SELECT invoice_no, account_code FROM invoices ORDER BY 1") == [
        ("1", "002"),
        ("2", "099"),
    ]


def test_numbers_and_codes_are_paired_one_to_one(legacy: Database) -> None:
    for number, code in ((17, "003-A"), (18, "002")):
        with pytest.raises(errors.UniqueViolation):
            insert(legacy, "legacy_account_keys", account_id=number, account_code=code)
    with pytest.raises(errors.ForeignKeyViolation):
        insert(legacy, "legacy_account_keys", account_id=18, account_code="018")


@pytest.mark.parametrize("phase", ["020", "021", "022", "023"])
def test_until_the_number_goes_a_row_may_be_written_with_either_key(
    migrator: Migrator, legacy: Database, phase: str
) -> None:
    migrator.apply(phase)
    add_invoice(legacy, "old", account_id=17)
    add_invoice(legacy, "new", account_code="003-A")
    add_invoice(legacy, "both", account_id=42, account_code="003-A")
    pairs = "SELECT invoice_no, account_id, account_code FROM invoices ORDER BY invoice_no"
    assert legacy.rows(pairs) == [
        ("both", 42, "003-A"),
        ("new", 42, "003-A"),
        ("old", 17, "002"),
    ]
    legacy.execute("UPDATE invoices SET account_id = 17 WHERE invoice_no = 'both'")
    legacy.execute("UPDATE invoices SET account_code = '003-A' WHERE invoice_no = 'old'")
    assert legacy.rows(pairs) == [
        ("both", 17, "002"),
        ("new", 42, "003-A"),
        ("old", 42, "003-A"),
    ]
    with pytest.raises(errors.ForeignKeyViolation):
        add_invoice(legacy, "parted", account_id=17, account_code="003-A")


def test_a_number_without_a_code_is_accepted_before_the_guard_and_refused_from_then_on(
    migrator: Migrator, legacy: Database
) -> None:
    migrator.apply("021")
    add_invoice(legacy, "1", account_id=99)
    legacy.execute("DELETE FROM invoices")
    migrator.apply("022")
    with pytest.raises(errors.CheckViolation, match="chk_invoices_account_code"):
        add_invoice(legacy, "1", account_id=99)


def test_a_row_without_a_code_stops_the_validation(migrator: Migrator, legacy: Database) -> None:
    migrator.apply("021")
    add_invoice(legacy, "1", account_id=99)
    migrator.apply("022")
    with pytest.raises(MigrationFailedError, match="chk_invoices_account_code"):
        migrator.apply()
    assert legacy.rows("SELECT account_id, account_code FROM invoices") == [(99, None)]


def test_rows_written_after_the_move_have_a_number_after_its_rollback(
    migrator: Migrator, legacy: Database
) -> None:
    add_invoice(legacy, "1", account_id=17)
    migrator.apply()
    add_account(legacy, "900")
    add_account(legacy, "901")
    insert(legacy, "learning_cycles", account_code="901", title="Cycle", starts_on="2026-01-08")
    invoice = add_invoice(legacy, "2", account_code="900", amount="0.50")
    insert(
        legacy,
        "payments",
        account_code="900",
        invoice_id=invoice,
        amount="0.25",
        paid_on="2026-02-01",
    )
    migrator.rollback(Since("020"))
    assert legacy.rows("SELECT invoice_no, account_id, amount FROM invoices ORDER BY 1") == [
        ("1", 17, Decimal(100)),
        ("2", 43, Decimal("0.50")),
    ]
    assert legacy.rows("SELECT account_id, amount FROM payments") == [(43, Decimal("0.25"))]
    assert legacy.rows("SELECT account_id FROM learning_cycles") == [(44,)]
    migrator.apply()
    assert legacy.rows("SELECT invoice_no, account_code FROM invoices ORDER BY 1") == [
        ("1", "002"),
        ("2", "900"),
    ]


@pytest.mark.parametrize("table", TABLES)
def test_the_move_is_no_change_of_a_row_but_what_comes_after_it_is(
    migrator: Migrator, legacy: Database, table: str
) -> None:
    past = "2020-01-01 00:00:00+00"
    cycle = {"title": "Cycle", "starts_on": "2024-01-08"}
    insert(legacy, "learning_cycles", account_id=17, updated_at=past, **cycle)
    invoice = add_invoice(legacy, "1", account_id=17, updated_at=past)
    insert(
        legacy,
        "payments",
        account_id=17,
        invoice_id=invoice,
        amount=1,
        paid_on="2024-02-01",
        updated_at=past,
    )
    migrator.apply()
    assert legacy.value(f"SELECT updated_at = '{past}' FROM {table}")
    legacy.execute(f"UPDATE {table} SET account_code = '003-A', updated_at = '{past}'")
    assert legacy.value(f"SELECT updated_at > now() - interval '1 minute' FROM {table}")


def test_after_the_move_billing_belongs_to_an_account_that_exists(built: Database) -> None:
    add_account(built, "003-A")
    add_invoice(built, "1", account_code="003-A")
    with pytest.raises(errors.ForeignKeyViolation, match="fk_invoices_account_code"):
        add_invoice(built, "2", account_code="003")
    with pytest.raises(errors.NotNullViolation, match='"account_code"'):
        add_invoice(built, "3")
    with pytest.raises(errors.ForeignKeyViolation):
        built.execute("DELETE FROM accounts_v2")


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE invoices SET amount = 0", "chk_invoices_amount"),
        ("UPDATE payments SET amount = -1", "chk_payments_amount"),
        ("UPDATE learning_cycles SET ends_on = '2024-01-07'", "chk_learning_cycles_dates"),
        ("UPDATE payments SET invoice_id = gen_random_uuid()", "fk_payments_invoice"),
        ("DELETE FROM invoices", "fk_payments_invoice"),
        (
            "UPDATE invoices SET learning_cycle_id = gen_random_uuid()",
            "fk_invoices_learning_cycle",
        ),
        (
            "INSERT INTO invoices (invoice_no, amount, issued_on, account_code) "
            "VALUES ('1', 1, '2024-01-08', '003-A')",
            "uq_invoices_invoice_no",
        ),
    ],
)
def test_the_constraints_of_billing_are_active(
    built: Database, statement: str, constraint: str
) -> None:
    add_account(built, "003-A")
    cycle = {"title": "Cycle", "starts_on": "2024-01-08"}
    insert(built, "learning_cycles", account_code="003-A", **cycle)
    invoice = add_invoice(built, "1", account_code="003-A")
    insert(
        built,
        "payments",
        account_code="003-A",
        invoice_id=invoice,
        amount=1,
        paid_on="2024-02-01",
    )
    with pytest.raises(errors.IntegrityError) as refused:
        built.execute(statement)
    assert refused.value.diag.constraint_name == constraint


def test_in_production_the_move_of_money_has_to_be_agreed_to(
    legacy: Database, aec_admin: Path
) -> None:
    settings = {"database": legacy.url, "environment": "production"}
    legacy.execute("DELETE FROM _sqlmig_state")
    production = Migrator(Config.load(aec_admin, settings))
    invoice = add_invoice(legacy, "1", account_id=17)
    insert(legacy, "payments", account_id=17, invoice_id=invoice, amount=1, paid_on="2024-02-01")
    before = contents(legacy)
    with pytest.raises(ProtectedTableError, match=r"invoices"):
        production.apply()
    with pytest.raises(ProtectedTableError, match=r"payments"):
        production.apply(allowed=["invoices"])
    production.apply(allowed=["invoices", "payments"])
    assert legacy.rows("SELECT account_code FROM payments") == [("002",)]
    with pytest.raises(ProtectedTableError):
        production.rollback(Since("020"), row_loss=RowLoss.ACCEPT)
    production.rollback(Since("020"), row_loss=RowLoss.ACCEPT, allowed=["invoices", "payments"])
    assert contents(legacy) == before
