"""Rows for tests, valid except for what the test changes."""

from __future__ import annotations

from psycopg import sql

from tests.database import Database


def insert(database: Database, table: str, **columns: object) -> None:
    """Inserts one row."""
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    )
    database.connection.execute(statement, list(columns.values()))


def add_account(database: Database, code: str | None = "001", **columns: object) -> None:
    """Inserts an active account."""
    valid: dict[str, object] = {
        "account_code": code,
        "account_name": "Somebody",
        "type": "individual",
        "service": "TF",
        "start_year": 2024,
        "status": "active",
    }
    insert(database, "accounts_v2", **valid | columns)


def add_contact(database: Database, code: str = "001", **columns: object) -> None:
    """Inserts a contact who is a mother."""
    valid: dict[str, object] = {"account_code": code, "full_name": "Somebody", "role": "Mother"}
    insert(database, "account_contacts", **valid | columns)


def add_invoice(database: Database, number: str, **columns: object) -> object:
    """Inserts an invoice over 100 with the given key; returns its id."""
    insert(
        database,
        "invoices",
        **{"invoice_no": number, "amount": 100, "issued_on": "2024-01-08"} | columns,
    )
    return database.value(f"SELECT id FROM invoices WHERE invoice_no = '{number}'")
