"""The commands that messages name can be pasted into a shell as they are."""

from __future__ import annotations

import re
import shlex

import pytest

from sqlmig.model.suggestions import as_words
from tests.command import Result, Run
from tests.database import Database
from tests.project import Project

NAME = "005 my $table"


@pytest.fixture
def run(project: Project, database: Database) -> Run:
    """One migration is applied, with blanks and a dollar in its name."""
    project.migration("001_a", "create table a ()", "drop table a")
    project.migration(NAME, 'create table "my table" ()', 'drop table "my table"; select 1/0')
    run = Run(project.root, database.url)
    run("apply")
    return run


def follow(run: Run, done: Result, command: str) -> Result:
    """Runs the command of that name which the output names."""
    found = re.search(rf"sqlmig ({command} [^`\n]*)", done.stdout + done.stderr)
    assert found is not None, done.stdout + done.stderr
    return run(*shlex.split(found[1].rstrip(".")))


def test_a_name_with_blanks_is_one_word_of_the_commands_that_are_named(
    run: Run, project: Project, database: Database
) -> None:
    failed = run("rollback", "--only", "5", "--yes")
    project.write(f"sql/rollbacks/{NAME}.sql", 'drop table "my table"')
    assert f"{NAME}: its rollback has changed: sqlmig diff" in run("status").stdout
    assert "-drop table" in follow(run, run("status"), "diff").stdout
    assert follow(run, failed, "rollback").returncode == 0
    assert database.tables() == {"a"}


def test_a_plain_name_stays_as_it_is() -> None:
    assert as_words("004_ledger_adjustments", NAME) == f"004_ledger_adjustments '{NAME}'"
