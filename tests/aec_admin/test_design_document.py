"""docs/database.md and docs/schema.md say what the schema is, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.database import Database
from tests.document import pages

NAME = re.compile(r"`((?:chk|fk|uq|idx|trg)_\w+)`")

# What NOT NULL and PRIMARY KEY are called is the server's business.
GUARDS = """
SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
   AND contype IN ('c', 'f', 'u') AND conrelid::regclass::text !~ '^(_yoyo|_sqlmig|yoyo)'
UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public'
   AND tablename !~ '^(_yoyo|_sqlmig|yoyo)' AND indexname !~ '_pkey$'
"""

# The notes of the tables of the system's own document.
NOTES = {
    ("accounts_v2", "account_code"): "Business identifier (001, 003-A, …); immutable",
    ("accounts_v2", "account_name"): "Display name (who this account is for)",
    ("accounts_v2", "service"): "TF, CD, PW or LE (extendable)",
    ("accounts_v2", "country"): "Prefer ISO country name; NULL if unknown, never blank",
    ("accounts_v2", "start_year"): "First paying year (NULL for prospects)",
    ("account_contacts", "role"): "Learner, Mother, HR Manager, etc.",
    ("account_contacts", "is_primary"): "At most one for each role of an account",
    ("account_learners", "learner_label"): "Such as Jewel &amp; Jembry, Management Staffs",
    ("v_accounts_summary", "contacts_count"): "Linked contacts per account; 0 if none",
}


@pytest.fixture
def document(aec_admin: Path) -> str:
    return (aec_admin / "docs/database.md").read_text(encoding="utf-8")


@pytest.fixture
def schema(aec_admin: Path) -> str:
    return (aec_admin / "docs/schema.md").read_text(encoding="utf-8")


def test_every_guard_that_it_names_is_in_the_schema(built: Database, document: str) -> None:
    named = set(NAME.findall(document))
    assert len(named) > 5
    assert named <= {name for (name,) in built.rows(GUARDS)}


def test_every_guard_is_in_the_generated_document(built: Database, schema: str) -> None:
    assert {name for (name,) in built.rows(GUARDS)} <= set(NAME.findall(schema))


@pytest.mark.parametrize(("relation", "column"), NOTES)
def test_the_notes_are_with_their_columns(schema: str, relation: str, column: str) -> None:
    line = f"| `{column}` |"
    (row,) = (
        each for each in pages.relations(schema)[relation].splitlines() if each.startswith(line)
    )
    assert row.endswith(f"| {NOTES[relation, column]} |")


def test_it_has_no_table_that_the_generated_document_has(document: str) -> None:
    assert not re.search(r"^\| *column", document, re.IGNORECASE | re.MULTILINE)


def test_the_checks_that_it_lists_are_the_files(aec_admin: Path, document: str) -> None:
    files = sorted(path.stem for path in (aec_admin / "sql/checks").glob("*.sql"))
    assert re.findall(r"^\d\. \*\*.*\*\* \(`(\w+)`\)", document, re.MULTILINE) == files
    assert len(files) == 6


def test_every_link_leads_to_a_file(aec_admin: Path) -> None:
    for name in ("README.md", "docs/database.md", "docs/CHANGELOG.md"):
        path = aec_admin / name
        links = re.findall(r"\]\(([^):]+)\)", path.read_text(encoding="utf-8"))
        assert links
        assert [link for link in links if not (path.parent / link).exists()] == []
