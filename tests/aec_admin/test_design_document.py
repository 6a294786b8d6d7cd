"""docs/database.md says what the live schema is, no more and no less."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.database import Database

HEADING = re.compile(r"^### `(\w+)`$", re.MULTILINE)
ROW = re.compile(r"^\| (\w+) +\| (\S+)(?: \((PK|FK)\))? +\|(?: (NO|YES) +\|)?(.*)\|$", re.MULTILINE)
NAME = re.compile(r"`((?:chk|fk|uq|idx|trg)_\w+)`")

COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
       CASE WHEN EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid
                         AND k.contype = 'p' AND a.attnum = ANY (k.conkey)) THEN 'PK'
            WHEN EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid
                         AND k.contype = 'f' AND a.attnum = ANY (k.conkey)) THEN 'FK' END,
       CASE WHEN c.relkind = 'v' THEN NULL WHEN a.attnotnull THEN 'NO' ELSE 'YES' END
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
   AND c.relname !~ '^(_yoyo|_sqlmig|yoyo)' AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY c.relname, a.attnum
"""

# What NOT NULL and PRIMARY KEY are called is the server's business.
GUARDS = """
SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
   AND contype IN ('c', 'f', 'u') AND conrelid::regclass::text !~ '^(_yoyo|_sqlmig|yoyo)'
UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public'
   AND tablename !~ '^(_yoyo|_sqlmig|yoyo)' AND indexname !~ '_pkey$'
"""

LONG_NAMES = {"int": "integer", "timestamptz": "timestamp with time zone"}


@dataclass(frozen=True)
class Column:
    """A row of a table of the document."""

    relation: str
    name: str
    type: str
    key: str | None
    nullable: str | None
    notes: str

    def facts(self) -> tuple[Any, ...]:
        """What the catalogs know of it too."""
        return self.relation, self.name, self.type, self.key, self.nullable


@pytest.fixture
def document(aec_admin: Path) -> str:
    return (aec_admin / "docs/database.md").read_text(encoding="utf-8")


def columns(document: str) -> list[Column]:
    """All columns of all tables of the document."""
    sections = HEADING.split(document)
    return [
        Column(relation, name, LONG_NAMES.get(type_, type_), key or None, null or None, notes)
        for relation, text in zip(sections[1::2], sections[2::2], strict=True)
        for name, type_, key, null, notes in ROW.findall(text)
        if name != "Column"
    ]


def test_the_tables_of_the_document_are_those_of_the_schema(built: Database, document: str) -> None:
    described = sorted(columns(document), key=lambda column: column.relation)
    assert [column.facts() for column in described] == built.rows(COLUMNS)


def test_every_guard_of_the_schema_is_named_and_every_name_is_a_guard(
    built: Database, document: str
) -> None:
    assert set(NAME.findall(document)) == {name for (name,) in built.rows(GUARDS)}


def test_every_line_of_a_table_is_understood(document: str) -> None:
    lines = [line for line in document.splitlines() if re.match(r"\| \w+ +\|", line)]
    headings = [line for line in lines if line.startswith("| Column")]
    assert len(lines) - len(headings) == len(columns(document)) > 60


def test_the_references_that_it_tells_are_the_foreign_keys(built: Database, document: str) -> None:
    told = {
        (column.relation, column.name, match[1], bool(match[2]))
        for column in columns(document)
        if (match := re.search(r"→ `([\w.]+)`( \(ON UPDATE CASCADE\))?", column.notes))
    }
    live = built.rows(
        "SELECT k.conrelid::regclass::text, a.attname, "
        "k.confrelid::regclass || '.' || b.attname, k.confupdtype = 'c' "
        "FROM pg_constraint k "
        "JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] "
        "JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1] "
        "WHERE k.contype = 'f' AND k.conrelid::regclass::text !~ '^(_yoyo|_sqlmig)'"
    )
    assert told == set(live)
    assert ("account_contacts", "account_code", "accounts_v2.account_code", True) in told


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
