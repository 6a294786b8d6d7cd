"""The commands of the embedded server, and a project that uses it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import psycopg
import pytest

from sqlmig.embedded import EmbeddedPostgres
from tests.cli.test_json_schemas import schema
from tests.command import Run
from tests.project import Project


@pytest.fixture
def run(project: Project) -> Iterator[Run]:
    """Runs a command in a project that has a server of its own; the server is gone at the end."""
    project.migration("001_a", "create table a ()", "drop table a")
    project.write("sqlmig.toml", 'database = "embedded"\n')

    yield Run(project.root)
    EmbeddedPostgres(project.root / ".sqlmig").reset()


def test_the_server_of_a_project_from_its_first_start_to_its_end(run: Run) -> None:
    assert run("embedded", "status").stdout.startswith("There is no embedded server yet.")
    first = run("apply")
    assert first.returncode == 0
    assert "keeps running until `sqlmig embedded stop`" in first.stderr
    programs = EmbeddedPostgres(run.folder / ".sqlmig").status().programs
    assert re.match(
        rf"Database: the embedded server\nStarted PostgreSQL \d+ \({programs}\) for this project;",
        first.stderr,
    )
    assert run("status").stderr == "Database: the embedded server\n"

    shown = run("embedded", "status").stdout
    assert ": running, server pid " in shown
    url = run("embedded", "url").stdout.strip()
    assert f"psql '{url}'" in shown
    assert run("status", "--database-url", url, "--check").returncode == 0

    for command, name in (("start", "embedded"), ("status", "embedded"), ("url", "embedded_url")):
        schema(name).validate(json.loads(run("embedded", command, "--format", "json").stdout))

    assert run("embedded", "stop").stdout == "Stopped PostgreSQL; the data is kept.\n"
    assert run("embedded", "stop").stdout == "Nothing was running.\n"
    assert "applied" in run("status").stdout
    assert run("embedded", "reset").returncode == 3
    assert "applied" in run("status").stdout
    assert run("embedded", "reset", "--yes").returncode == 0
    assert run("embedded", "url").returncode == 3


def test_the_embedded_server_refuses_to_be_production(run: Run) -> None:
    done = run("apply", "--env", "production")
    assert done.returncode == 2
    assert "for development and tests, not for production" in done.stderr
    assert run("embedded", "status").stdout.startswith("There is no embedded server yet.")


def test_a_url_and_the_embedded_server_are_two_databases(run: Run) -> None:
    done = run("apply", "--embedded", "--database-url", "postgresql://localhost/x")
    assert done.returncode == 2
    assert "cannot be combined" in done.stderr


def test_rows_are_lost_without_a_question_as_in_development(run: Run) -> None:
    run("apply")
    url = run("embedded", "url").stdout.strip()
    with psycopg.connect(url) as connection:
        connection.execute("insert into a default values")
    assert run("rollback", "1").returncode == 0
