"""The commands, run as a user runs them: a process, its output, its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.database import Database
from tests.project import Project

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(project: Project, database: Database) -> Run:
    """Runs `python -m sqlmig …` in the project's folder, on the test's database."""

    def run(*arguments: str, url: str | None = database.url) -> subprocess.CompletedProcess[str]:
        options = ["--database-url", url] if url else []
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "sqlmig", *options, *arguments],
            cwd=project.root,
            check=False,
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture(autouse=True)
def three_migrations(project: Project) -> None:
    for number, name in enumerate(("a", "b", "c"), 1):
        project.migration(f"00{number}_{name}", f"create table {name} ()", f"drop table {name}")


def test_apply_tells_each_migration_and_the_count(run: Run, database: Database) -> None:
    done = run("apply")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [
        ["applied", "001_a"],
        ["applied", "002_b"],
        ["applied", "003_c"],
    ]
    assert lines[3:] == ["3 migrations applied."]
    assert done.stderr == ""
    assert database.tables() == {"a", "b", "c"}


def test_a_second_apply_does_nothing_and_exits_0(run: Run) -> None:
    run("apply")
    done = run("apply")
    assert (done.returncode, done.stdout) == (0, "Nothing to apply: the database is up to date.\n")


def test_apply_stops_at_its_target(run: Run, database: Database) -> None:
    run("apply", "2")
    assert database.tables() == {"a", "b"}


def test_a_dry_run_shows_the_sql_and_changes_nothing(run: Run, database: Database) -> None:
    before = database.relations()
    done = run("apply", "--dry-run")
    assert done.returncode == 0
    assert "-- sql/migrations/002_b.sql\ncreate table b ()\n" in done.stdout
    assert done.stdout.endswith(
        "Would apply 3 migrations, each in its own transaction. Nothing was changed.\n"
    )
    assert database.relations() == before


def test_rollback_names_what_it_undid(run: Run, database: Database) -> None:
    run("apply")
    done = run("rollback", "002")
    assert [line.split()[:3] for line in done.stdout.splitlines()] == [
        ["rolled", "back", "003_c"],
        ["rolled", "back", "002_b"],
        ["2", "migrations", "rolled"],
    ]
    assert database.tables() == {"a"}
    assert run("rollback", "--steps", "1").returncode == 0
    assert database.tables() == set()
    done = run("rollback", "002")
    assert done.returncode == 0
    assert done.stdout == "Nothing to roll back: what was named is not applied.\n"


def test_rollback_of_one_alone(run: Run, database: Database, project: Project) -> None:
    run("apply")
    assert run("rollback", "--only", "002").returncode == 0
    assert database.tables() == {"a", "c"}


def test_status_shows_states_and_what_is_next(run: Run, project: Project) -> None:
    run("apply", "2")
    project.migration("001_a", "create table a (x int)", "drop table a")
    lines = run("status").stdout.splitlines()
    assert lines[0].split() == ["MIGRATION", "STATE", "APPLIED", "DESCRIPTION"]
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["001_a", "changed"],
        ["002_b", "applied"],
        ["003_c", "pending"],
    ]
    assert lines[4:] == [
        "001_a: sqlmig diff 001_a",
        "3 migrations: 1 pending, 1 applied, 1 changed.",
        "Next: sqlmig apply",
    ]


def test_status_check_exits_1_when_anything_is_pending_or_changed(
    run: Run, project: Project
) -> None:
    assert run("status").returncode == 0
    assert run("status", "--check").returncode == 1
    run("apply")
    assert run("status", "--check").returncode == 0
    project.migration("002_b", "create table b ( ) -- reformatted", "drop table b")
    assert run("status", "--check").returncode == 0
    project.migration("002_b", "create table bb ()", "drop table b")
    assert run("status", "--check").returncode == 1


def test_diff_and_repair_bring_record_and_file_together(run: Run, project: Project) -> None:
    run("apply")
    assert run("diff", "2").stdout == "002_b: the files are as recorded.\n"
    project.migration("002_b", "create table b (x int)", "drop table b")
    assert run("apply").returncode == 2
    shown = run("diff", "2").stdout
    assert "-create table b ()\n+create table b (x int)\n" in shown
    assert run("repair", "2").stdout == "002_b  recorded as its files are now\n"
    assert run("apply").returncode == 0
    assert run("repair", "--all").stdout == "Nothing to repair: every file is as recorded.\n"


def test_validate_needs_no_database(run: Run) -> None:
    done = run("validate", url=None)
    assert (done.returncode, done.stdout) == (
        0,
        "3 migrations, each with its rollback: all can be read.\n",
    )


def test_a_failed_migration_is_told_with_its_place_and_exits_3(run: Run, project: Project) -> None:
    project.migration("002_b", "create table b (\n  x numerc\n);", "drop table b")
    done = run("apply")
    assert done.returncode == 3
    assert done.stdout.startswith("applied  001_a")
    assert done.stderr.splitlines() == [
        'sql/migrations/002_b.sql:2:5: type "numerc" does not exist (42704)',
        "    2 |   x numerc",
        "      |     ^",
        "1 applied, 1 failed, 1 not attempted. Mend the script, then run `sqlmig apply` again.",
    ]


def test_global_options_stand_before_or_after_the_command(run: Run, database: Database) -> None:
    assert run("status", "--format", "json").stdout == run("--format", "json", "status").stdout
    assert run("status", "--database-url", database.url, url=None).returncode == 0


def test_json_is_one_object_with_a_version(run: Run) -> None:
    commands = [
        ("validate",),
        ("apply", "--dry-run"),
        ("apply",),
        ("status",),
        ("diff", "1"),
        ("repair", "--all"),
        ("rollback", "--steps", "1"),
    ]
    for command in commands:
        assert json.loads(run(*command, "--format", "json").stdout)["version"] == 1


def test_errors_are_json_too(run: Run, project: Project) -> None:
    project.migration("002_b", "select 1/0")
    done = run("apply", "--format", "json")
    assert done.returncode == 3
    document = json.loads(done.stdout)
    (error,) = document["errors"]
    assert error["error"] == "MigrationFailedError"
    assert error["location"] == {"path": "sql/migrations/002_b.sql", "line": 1, "column": 1}
    assert error["server"]["sqlstate"] == "22012"
    assert [m["outcome"] for m in document["report"]["migrations"]] == [
        "done",
        "failed",
        "not attempted",
    ]


def test_quiet_prints_nothing_but_errors(run: Run, project: Project) -> None:
    done = run("apply", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    project.migration("004_d", "select 1/0")
    done = run("-q", "apply")
    assert (done.returncode, done.stdout) == (3, "")
    assert "division by zero" in done.stderr


def test_verbose_logs_to_stderr(run: Run) -> None:
    done = run("apply", "-v")
    assert "sqlmig: apply 001_a" in done.stderr
    assert "sqlmig:" not in done.stdout


def test_version_and_help(run: Run) -> None:
    assert run("--version").stdout.startswith("sqlmig 0.")
    page = run("apply", "--help").stdout
    assert "--lock-wait" in page
    assert "--database-url" not in page
    assert "Exit codes: 0 done" in run("--help").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("rollback",),
        ("rollback", "001", "--steps", "1"),
        ("rollback", "--only", "--steps", "1"),
        ("rollback", "--steps", "0"),
        ("rollback", "001", "--use", "memory"),
        ("repair",),
        ("repair", "001", "--all"),
        ("diff",),
        ("diff", "999"),
        ("apply", "999"),
        ("apply", "--lock-wait", "soon"),
        ("apply", "--nonsense"),
        ("status", "--env", "moon"),
        ("status", "--project", "nowhere"),
        ("nonsense",),
    ],
)
def test_wrong_usage_exits_2_without_a_traceback(run: Run, arguments: tuple[str, ...]) -> None:
    run("apply", "2")
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_bad_files_exit_2_and_nothing_is_touched(
    run: Run, project: Project, database: Database
) -> None:
    project.migration("004_d", "-- transactionl: false\nselect 1")
    before = database.relations()
    done = run("apply")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "sql/migrations/004_d.sql:1:1: unknown directive 'transactionl' "
        "(did you mean 'transactional'?)\n    1 | -- transactionl: false\n      | ^\n"
    )
    assert database.relations() == before
