"""The two views, against queries that are written another way."""

from __future__ import annotations

from decimal import Decimal

from psycopg import sql

from tests.aec_admin.rows import add_account, add_contact, add_invoice, insert
from tests.database import Database


def columns(database: Database, view: str) -> list[str]:
    """The names of a view's columns, in order."""
    query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(view))
    description = database.connection.execute(query).description
    assert description is not None
    return [column.name for column in description]


def test_the_summary_has_the_columns_of_the_design_in_its_order(built: Database) -> None:
    assert columns(built, "v_accounts_summary") == [
        "account_code",
        "account_name",
        "type",
        "service",
        "country",
        "status",
        "is_active",
        "start_year",
        "created_at",
        "updated_at",
        "contacts_count",
    ]


def test_the_summary_counts_the_contacts_of_each_account_in_the_order_of_codes(
    built: Database,
) -> None:
    for code in ("010", "003-A", "002"):
        add_account(built, code)
    for role in ("Mother", "Father", "Learner"):
        add_contact(built, "003-A", role=role)
    add_contact(built, "010")
    assert built.rows("SELECT account_code, contacts_count FROM v_accounts_summary") == [
        ("002", 0),
        ("003-A", 3),
        ("010", 1),
    ]


def test_the_summary_shows_the_account_as_it_is(built: Database) -> None:
    add_account(built, "003-A", country="Japan", status="inactive", service="LE")
    shown = ", ".join(columns(built, "v_accounts_summary")[:-1])
    assert built.rows(f"SELECT {shown} FROM v_accounts_summary") == built.rows(
        f"SELECT {shown} FROM accounts_v2"
    )


def test_settlements_add_up_for_each_account_whatever_the_number_of_payments(
    built: Database,
) -> None:
    for code in ("001", "003-A", "002"):
        add_account(built, code)
    first = add_invoice(built, "1", account_code="003-A", amount="100.10")
    second = add_invoice(built, "2", account_code="003-A", amount="50.05")
    other = add_invoice(built, "3", account_code="001", amount="10")
    for invoice, code, amount in (
        (first, "003-A", "60.05"),
        (first, "003-A", "40.05"),
        (second, "003-A", "0.01"),
        (other, "001", "12"),
    ):
        insert(
            built,
            "payments",
            invoice_id=invoice,
            account_code=code,
            amount=amount,
            paid_on="2024-02-01",
        )
    assert built.rows("SELECT * FROM v_invoice_settlements") == [
        ("001", "Somebody", 1, Decimal(10), Decimal(12), Decimal(-2)),
        ("002", "Somebody", 0, Decimal(0), Decimal(0), Decimal(0)),
        ("003-A", "Somebody", 2, Decimal("150.15"), Decimal("100.11"), Decimal("50.04")),
    ]
