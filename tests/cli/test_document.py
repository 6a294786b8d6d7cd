"""The command `schema`, as a user sees it."""

from __future__ import annotations

import json

import pytest

from sqlmig.embedded import EmbeddedPostgres
from tests.command import Run
from tests.database import Database
from tests.project import Project


@pytest.fixture(autouse=True)
def migration(project: Project) -> None:
    project.migration("001_a", "create table a (x int)", "drop table a")


def test_it_writes_the_file_and_tells_when_it_is_out_of_date_or_edited(
    run: Run, project: Project, database: Database
) -> None:
    done = run("schema", "--check")
    assert (done.returncode, done.stdout) == (
        1,
        "docs/schema.md does not exist. Create it with `sqlmig schema`.\n",
    )
    assert run("schema").stdout == "created  docs/schema.md\n"
    assert run("schema", "--check").stdout == "docs/schema.md is up to date.\n"
    project.migration("002_b", "alter table a add y text", "alter table a drop y")
    stale = run("schema", "--check")
    assert stale.returncode == 1
    assert "\n+| `y` | `text` | yes | | |\n" in stale.stdout
    assert stale.stdout.endswith(
        "docs/schema.md is out of date (-: the file, +: what the migrations make). "
        "Update it with `sqlmig schema`.\n"
    )
    assert run("schema").stdout == "updated  docs/schema.md\n"
    path = project.root / "docs/schema.md"
    path.write_text(path.read_text().replace("| `text` |", "| `text` (a note) |"))
    edited = run("schema", "--check", "--format", "json")
    assert edited.returncode == 1
    found = json.loads(edited.stdout)
    assert (found["path"], found["state"]) == ("docs/schema.md", "edited")
    assert "-| `y` | `text` (a note) |" in found["difference"]
    assert run("schema").stdout == "updated  docs/schema.md, which had been edited\n"
    assert database.relations() == []


def test_another_file_and_a_page_that_sqlmig_did_not_write(run: Run, project: Project) -> None:
    project.write("docs/schema.md", "# Ours\n")
    refused = run("schema")
    assert refused.returncode == 2
    assert "docs/schema.md was not written by `sqlmig schema`" in refused.stderr
    assert run("schema", "--output", "erd.md").stdout == "created  erd.md\n"
    assert run("schema", "--output", "erd.md", "--check").returncode == 0
    project.write("sqlmig.toml", 'schema_document = "erd.md"\nschema_picture_without = ["b"]\n')
    done = run("schema", "--check")
    assert (done.returncode, done.stdout) == (0, "erd.md is up to date.\n")
    assert "`schema_picture_without` has 'b', which matches no table" in done.stderr


def test_a_migration_that_fails_is_told_with_its_place(run: Run, project: Project) -> None:
    project.migration("002_b", "create table b (x missing)")
    done = run("schema")
    assert done.returncode == 3
    assert "sql/migrations/002_b.sql:1:19" in done.stderr
    assert not (project.root / "docs").exists()


def test_without_a_database_it_is_the_embedded_server_unless_this_is_production(
    run: Run, project: Project
) -> None:
    try:
        done = run("schema", url=None)
        assert (done.returncode, done.stdout) == (0, "created  docs/schema.md\n"), done.stderr
        refused = run("schema", "--check", url=None, SQLMIG_ENV="production")
        assert refused.returncode == 2
    finally:
        EmbeddedPostgres(project.root).reset()
