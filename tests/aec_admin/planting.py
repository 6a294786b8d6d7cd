"""Accounts and contacts that the rules would refuse: created with the rules switched off."""

from __future__ import annotations

from tests.aec_admin.rows import add_account, add_contact
from tests.database import Database

RULES_OF_ACCOUNTS = """
SET session_replication_role = replica;
ALTER TABLE accounts_v2
  DROP CONSTRAINT chk_accounts_v2_account_code,
  DROP CONSTRAINT chk_accounts_v2_account_name,
  DROP CONSTRAINT chk_accounts_v2_country,
  DROP CONSTRAINT chk_accounts_v2_type,
  DROP CONSTRAINT chk_accounts_v2_status,
  DROP CONSTRAINT chk_accounts_v2_status_logic,
  DROP CONSTRAINT accounts_v2_pkey CASCADE,
  ALTER COLUMN account_code DROP NOT NULL,
  ALTER COLUMN account_name DROP NOT NULL,
  ALTER COLUMN type DROP NOT NULL,
  ALTER COLUMN service DROP NOT NULL,
  ALTER COLUMN status DROP NOT NULL,
  ALTER COLUMN is_active DROP EXPRESSION,
  ALTER COLUMN is_active DROP NOT NULL
"""


def plant_account(database: Database, code: str | None, **columns: object) -> None:
    """Inserts an account without any rules, which are removed."""
    if database.value("SELECT count(*) FROM pg_constraint WHERE conname = 'accounts_v2_pkey'"):
        database.execute(RULES_OF_ACCOUNTS)
    add_account(database, code, **{"is_active": True} | columns)


def plant_contact(database: Database, code: str) -> None:
    """Inserts a contact for an account that need not exist."""
    database.execute("SET session_replication_role = replica")
    add_contact(database, code)
    database.execute("RESET session_replication_role")
