"""What a command does not need, it does not import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sqlmig.cli.names import MODULES
from tests.database import Database
from tests.project import Project
from tests.repository import Repository

PROBE = """
import sys
from sqlmig.cli import main
try:
    main({arguments!r}, prog_name="sqlmig")
except SystemExit as end:
    assert not end.code, end.code
print("IMPORTED", *sys.modules)
"""


def imported_by(project: Project, *arguments: str) -> set[str]:
    """The modules in memory after that command, run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(arguments=list(arguments))],
        cwd=project.root,
        check=True,
        capture_output=True,
        text=True,
    )
    return set(done.stdout.splitlines()[-1].split())


def module_of(command: str) -> str:
    """The module of the command line in which that command stands."""
    return next(module for module, commands in MODULES.items() if command in commands)


@pytest.fixture(autouse=True)
def one_migration(project: Project) -> None:
    project.migration("001_a", "create table a ()", "drop table a")


def test_yoyo_is_imported_only_when_something_has_to_run(
    project: Project, database: Database
) -> None:
    url = ("--database-url", database.url)
    assert "yoyo" not in imported_by(project, *url, "status")
    assert "yoyo" not in imported_by(project, *url, "apply", "--dry-run")
    assert "yoyo" in imported_by(project, *url, "apply")
    assert "yoyo" not in imported_by(project, *url, "apply")


def test_an_apply_with_nothing_to_do_imports_nothing_that_runs_or_writes(
    project: Project, database: Database
) -> None:
    url = ("--database-url", database.url)
    imported_by(project, *url, "apply")
    imported = imported_by(project, *url, "apply")
    assert "sqlmig.operations.run" in imported
    assert not imported & {
        *("sqlmig.engine.run", "sqlmig.engine.guard.tables", "sqlmig.engine.seeds"),
        *("sqlmig.engine.history.lock", "sqlmig.engine.history.records"),
        *("sqlmig.operations.seeds", "sqlmig.operations.marking", "sqlmig.operations.both"),
        *("sqlmig.plan.comparison", "sqlmig.embedded", "sqlmig.mongo", "tomllib"),
    }


@pytest.mark.parametrize("command", ["environment", "status", "validate"])
def test_a_command_does_not_import_those_of_other_groups(
    project: Project, database: Database, command: str
) -> None:
    imported = imported_by(project, "--database-url", database.url, command)
    groups = {f"sqlmig.cli.{group}" for group in MODULES}
    assert imported & groups == {f"sqlmig.cli.{module_of(command)}"}


def test_rich_is_not_imported_in_a_pipe(project: Project, database: Database) -> None:
    url = ("--database-url", database.url)
    for command in ("status", "apply"):
        assert "rich" not in imported_by(project, *url, command)


@pytest.mark.parametrize("arguments", [("validate",), ("--help",), ("fleet", "apply", "--help")])
def test_a_command_without_a_database_does_not_import_its_driver(
    project: Project, arguments: tuple[str, ...]
) -> None:
    imported = imported_by(project, *arguments)
    assert not imported & {"psycopg", "yoyo", "rich", "motor", "markdown_it"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("changelog", "add", "1", "the first of all tables"),
        ("changelog", "lint"),
        ("changelog", "rules"),
        ("new", "the second of all tables"),
    ],
)
def test_the_changelog_needs_no_driver(repository: Repository, arguments: tuple[str, ...]) -> None:
    repository.migration("001_a", "create table a ()")
    assert not imported_by(repository, *arguments) & {"psycopg", "yoyo", "rich", "motor"}
