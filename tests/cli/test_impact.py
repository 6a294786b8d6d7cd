"""What `sqlmig impact` says, as a user sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest

from sqlmig.embedded import EmbeddedPostgres
from tests.command import Run
from tests.project import Project


@pytest.fixture(autouse=True)
def migrations(project: Project) -> None:
    project.migration("001_a", "create table a (x int)", "drop table a")


def test_with_nothing_pending_it_says_how_to_check_what_is_applied(run: Run) -> None:
    run("apply")
    done = run("impact")
    assert (done.returncode, done.stdout) == (
        0,
        "Nothing is pending: no migration to check. `--all` checks those that are applied, too.\n",
    )
    assert run("impact", "--all").stdout == "1 migration: no findings.\n"
    assert run("impact", "--since", "001").stdout == "No migration to check.\n"


@pytest.fixture
def embedded(project: Project) -> Iterator[Run]:
    """Runs commands in a project that has a server of its own."""
    project.write("sqlmig.toml", 'database = "embedded"\n')
    yield Run(project.root)
    EmbeddedPostgres(project.root / ".sqlmig").reset()


@pytest.mark.parametrize("which", [(), ("--since", "001")])
def test_an_embedded_server_has_sizes_and_every_table_counts_as_large(
    embedded: Run, project: Project, which: tuple[str, ...]
) -> None:
    embedded("apply")
    url = embedded("embedded", "url").stdout.strip()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("insert into a select generate_series(1, 1000)")
        connection.execute("analyze a")
    project.migration("002_b", "create index on a (x); create index on a (x)", "select 1")
    done = embedded("impact", "--check", *which)
    assert done.returncode == 1
    assert "  a (64 kB, 1000 rows): scanned and indexed under SHARE" in done.stdout
    assert done.stdout.endswith(
        "Sizes of the embedded server, not of production: every table counts as large.\n"
        "1 migration: 2 findings.\n"
    )
    assert done.stdout.count("not of production") == 1
    document = json.loads(embedded("impact", *which, "--format", "json").stdout)
    effect = document["migrations"][0]["statements"][0]["effects"][0]
    assert (effect["bytes"], effect["rows"]) == (65536, 1000)
