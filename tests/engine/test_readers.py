"""A role that may only look at a database, as that of a service."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from sqlmig import Migrator, ServerError
from tests.database import Database
from tests.project import Project


@pytest.fixture
def reader(database: Database) -> Iterator[str]:
    """A role without any right of its own."""
    name = f"reader {uuid4().hex[:8]}"
    database.execute(f"""create role "{name}" login""")
    yield name
    database.execute(f"""drop owned by "{name}"; drop role "{name}" """)


@pytest.mark.parametrize("schema", [None, "own things"])
def test_one_message_names_every_right_that_looking_takes(
    project: Project, database: Database, reader: str, schema: str | None
) -> None:
    project.migration("001_a", "create table a ()")
    if schema:
        database.execute(f'create schema "{schema}"')
    Migrator(project.config(database=database.url, history_schema=schema)).apply()
    url = make_conninfo(database.url, user=reader)
    looking = Migrator(project.config(database=url, history_schema=schema))
    with pytest.raises(ServerError, match="this role cannot read the history") as caught:
        looking.expect_current()
    assert "_yoyo_migration" in caught.value.remedy
    assert "_sqlmig_migration" in caught.value.remedy
    grants = caught.value.remedy.partition("these privileges: ")[2]
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(grants.encode())
    looking.expect_current()
    assert [item.migration_id for item in looking.status()] == ["001_a"]
    assert looking.seed_statuses() == []
    looking.environment()
