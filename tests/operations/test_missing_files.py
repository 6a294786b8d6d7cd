"""A file that is missing of an applied migration: the database has its text, and says so."""

from __future__ import annotations

import shlex

import pytest

from sqlmig import Migrator
from sqlmig.errors import SourceError
from sqlmig.plan import RollbackText
from tests.command import Result, Run
from tests.database import Database
from tests.project import Project

ROLLBACK = "sql/rollbacks/003_c.sql"
RESTORE = f"sqlmig show 003_c --rollback --recorded > {ROLLBACK}"
REMEDY = (
    "The database has its text: sqlmig rollback 003_c --use recorded; "
    f"to restore the file: {RESTORE}"
)


@pytest.fixture
def run(project: Project, database: Database) -> Run:
    """Three migrations that are applied."""
    for number, name in enumerate("abc", 1):
        project.migration(f"00{number}_{name}", f"create table {name} ()", f"drop table {name}")
    run = Run(project.root, database.url)
    run("apply", "--env", "development")
    return run


def follow(run: Run, project: Project, command: str) -> Result:
    """Runs `sqlmig … > file` as a shell does, which makes the file before it runs the command."""
    words = shlex.split(command)
    assert words[-2] == ">"
    project.write(words[-1], "")
    done = run(*words[1:-2])
    project.write(words[-1], done.stdout)
    return done


def test_a_rollback_file_that_is_missing_is_restored_from_the_record(
    run: Run, project: Project
) -> None:
    project.remove(ROLLBACK)
    for arguments in (("apply",), ("apply", "--dry-run"), ("rollback", "3"), ("repair", "--all")):
        done = run(*arguments)
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1] == REMEDY, arguments
    told = run("status").stdout.splitlines()
    assert f"003_c: sql/migrations/003_c.sql: no rollback: {ROLLBACK} does not exist; " in told[-3]
    assert told[-1] == f"Next: {RESTORE}"
    assert follow(run, project, RESTORE).returncode == 0
    assert run("status", "--check").returncode == 0
    assert run("diff", "3").stdout == "003_c: the files match the record.\n"


def test_without_its_rollback_file_a_migration_is_shown_and_compared(
    run: Run, project: Project
) -> None:
    project.remove(ROLLBACK)
    assert run("show", "3").stdout == "create table c ()"
    assert run("show", "3", "--rollback").stdout == "drop table c"
    assert run("diff", "3").stdout.splitlines() == [
        "003_c: its rollback file is missing",
        "--- recorded rollback",
        "+++ no file",
        "@@ -1,2 +0,0 @@",
        "-drop table c",
        "-\\ No newline at end of file",
    ]


def test_without_its_rollback_file_a_migration_is_rolled_back_as_recorded(
    run: Run, project: Project, database: Database
) -> None:
    project.remove(ROLLBACK)
    assert run("rollback", "3", "--use", "recorded").returncode == 0
    assert database.tables() == {"a", "b"}
    done = run("apply")
    assert done.stderr.splitlines()[-1].startswith("Write it, or say why there is none")


def test_the_only_migration_of_a_project_is_restored_as_well(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    run = Run(project.root, database.url)
    run("apply")
    project.remove("sql/rollbacks/001_a.sql")
    command = "sqlmig show 001_a --rollback --recorded > sql/rollbacks/001_a.sql"
    assert run("status").stdout.splitlines()[-1] == f"Next: {command}"
    follow(run, project, command)
    assert run("status", "--check").returncode == 0


def test_a_migration_without_files_is_restored_from_the_record(run: Run, project: Project) -> None:
    project.remove("sql/migrations/002_b.sql")
    project.remove("sql/rollbacks/002_b.sql")
    for _ in range(2):  # first the migration, then its rollback
        _, _, command = run("status").stdout.splitlines()[-1].partition("Next: ")
        assert follow(run, project, command).returncode == 0
    assert run("status", "--check").returncode == 0


def test_a_database_that_is_out_of_reach_changes_nothing_about_the_error(
    run: Run, project: Project
) -> None:
    project.remove(ROLLBACK)
    done = run("apply", url="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Write it, or say why there is none")


def test_a_migration_declared_irreversible_later_names_the_recorded_rollback(
    run: Run, project: Project, database: Database
) -> None:
    project.remove(ROLLBACK)
    project.irreversible("003_c", "-- irreversible: lost\ncreate table c ()")
    done = run("rollback", "3")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(": sqlmig rollback 003_c --use recorded.")
    assert run("rollback", "3", "--use", "recorded").returncode == 0
    assert database.tables() == {"a", "b"}


def test_of_several_problems_each_keeps_its_own_remedy(
    project: Project, database: Database, run: Run
) -> None:
    project.remove(ROLLBACK)
    project.remove("sql/rollbacks/002_b.sql")
    project.write("sql/migrations/004_d.sql", "-- nothing")
    with pytest.raises(SourceError) as caught:
        Migrator(project.config(database=database.url)).apply()
    told = str(caught.value)
    assert told.count("The database has its text") == 2
    assert "Write one, or `SELECT 1;`" in told
    assert RollbackText.RECORDED.value in told
