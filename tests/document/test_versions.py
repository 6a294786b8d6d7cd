"""Two versions of PostgreSQL write the same document."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from sqlmig.document.making import document_of
from sqlmig.embedded import EmbeddedPostgres
from sqlmig.engine.server.connection import opened
from tests.database import Database
from tests.document.conftest import SAMPLES
from tests.document.test_document import document

OLDER = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))

# Before PostgreSQL 17, a partition does not have the identity of a column of its table.
WITHOUT_IDENTITY = """
;ALTER TABLE IF EXISTS payment ALTER COLUMN payment_id DROP IDENTITY IF EXISTS
"""


@pytest.mark.long_form
@pytest.mark.skipif(not OLDER, reason="no other PostgreSQL is installed")
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_oldest_that_is_installed_writes_the_same(
    path: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = path.read_text(encoding="utf-8") + WITHOUT_IDENTITY
    database.execute(text)
    monkeypatch.setenv("SQLMIG_PG_BINDIR", str(OLDER[0].parent))
    server = EmbeddedPostgres(tmp_path)
    try:
        url = make_conninfo(server.start().url or "", dbname="postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(text.encode())
        with opened(url) as connection:
            older = document_of(connection).text
    finally:
        server.reset()
    assert older == document(database)
