"""The rules of account_contacts and account_learners, each tried with data that breaks it."""

from __future__ import annotations

from uuid import UUID

import pytest
from psycopg import errors

from tests.aec_admin.rows import add_account, add_contact, insert
from tests.database import Database

CHILDREN = {
    "account_contacts": {"full_name": "Somebody", "role": "Mother"},
    "account_learners": {"learner_label": "Jewel & Jembry"},
}


@pytest.fixture
def accounts(built: Database) -> Database:
    """The accounts 001 and 003-A."""
    add_account(built, "001")
    add_account(built, "003-A")
    return built


@pytest.mark.parametrize("table", CHILDREN)
def test_they_belong_to_an_account_that_exists(accounts: Database, table: str) -> None:
    insert(accounts, table, account_code="003-A", **CHILDREN[table])
    with pytest.raises(errors.ForeignKeyViolation):
        insert(accounts, table, account_code="003", **CHILDREN[table])
    with pytest.raises(errors.ForeignKeyViolation):
        accounts.execute("DELETE FROM accounts_v2 WHERE account_code = '003-A'")


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("account_contacts", "id"),
        ("account_contacts", "account_code"),
        ("account_contacts", "full_name"),
        ("account_contacts", "role"),
        ("account_contacts", "is_primary"),
        ("account_learners", "id"),
        ("account_learners", "account_code"),
        ("account_learners", "learner_label"),
        ("account_learners", "is_group"),
        ("account_learners", "created_at"),
    ],
)
def test_what_must_be_known_cannot_be_null(accounts: Database, table: str, column: str) -> None:
    with pytest.raises(errors.NotNullViolation, match=f'"{column}"'):
        insert(accounts, table, **{"account_code": "001", **CHILDREN[table], column: None})


def test_what_is_not_given_has_its_default(accounts: Database) -> None:
    add_contact(accounts)
    insert(accounts, "account_learners", account_code="001", learner_label="Management Staffs")
    (contact,) = accounts.rows("SELECT id, email, phone, is_primary FROM account_contacts")
    (learner,) = accounts.rows("SELECT id, is_group, created_at <= now() FROM account_learners")
    assert isinstance(contact[0], UUID)
    assert isinstance(learner[0], UUID)
    assert (contact[1:], learner[1:]) == ((None, None, False), (False, True))


def test_each_role_of_an_account_has_at_most_one_primary_contact(accounts: Database) -> None:
    add_contact(accounts, is_primary=True)
    with pytest.raises(errors.UniqueViolation) as refused:
        add_contact(accounts, is_primary=True)
    assert refused.value.diag.constraint_name == "uq_account_contacts_primary"
    add_contact(accounts, is_primary=False)
    add_contact(accounts, is_primary=False)
    with pytest.raises(errors.UniqueViolation):
        accounts.execute("UPDATE account_contacts SET is_primary = true")


def test_another_role_or_account_has_a_primary_contact_of_its_own(accounts: Database) -> None:
    add_contact(accounts, is_primary=True)
    add_contact(accounts, is_primary=True, role="Learner")
    add_contact(accounts, "003-A", is_primary=True)
    assert accounts.value("SELECT count(*) FROM account_contacts WHERE is_primary") == 3


def test_a_label_stands_once_in_an_account(accounts: Database) -> None:
    label = {"learner_label": "Management Staffs", "is_group": True}
    insert(accounts, "account_learners", account_code="001", **label)
    insert(accounts, "account_learners", account_code="003-A", **label)
    with pytest.raises(errors.UniqueViolation) as refused:
        insert(accounts, "account_learners", account_code="001", **label)
    assert refused.value.diag.constraint_name == "uq_account_learners_label"
