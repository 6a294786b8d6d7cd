"""A suggested command means the project and the database that the user named."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from functools import partial
from pathlib import Path

import pytest

from sqlmig.cli.options import Options
from sqlmig.cli.suggested import completed
from tests.command import Result, Run
from tests.database import Database
from tests.project import Project

_SECRET = "postgresql://me:secret@localhost/school"


@pytest.fixture
def filled(project: Project) -> Project:
    """A project with a migration whose rollback loses rows."""
    project.migration("001_a", "create table a (id int); insert into a values (1)", "drop table a;")
    return project


@pytest.fixture
def run(filled: Project, database: Database) -> partial[Result]:
    """Runs commands on the test's database; what they print is as a user gets it."""
    return partial(Run(filled.root), "--database-url", database.url)


def suggestion(done: Result) -> list[str]:
    """The arguments of the last command that the output suggests."""
    told = re.findall(r"(?:: |`)(sqlmig [^`\n]+)", done.stdout + done.stderr)
    return shlex.split(told[-1].removesuffix("."))[1:]


def test_a_pasted_suggestion_works_on_the_same_database(
    filled: Project, run: partial[Result], database: Database
) -> None:
    assert suggestion(run("status")) == ["--database-url", database.url, "apply"]
    pasted = Run(filled.root)
    assert pasted(*suggestion(run("status"))).returncode == 0
    refused = run("rollback", "001")
    assert refused.returncode == 3
    assert pasted(*suggestion(refused)).returncode == 0
    assert database.tables() == set()


def test_options_after_the_command_are_repeated_too(
    filled: Project, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = Run(tmp_path_factory.mktemp("elsewhere"))
    options = ("--project", str(filled.root), "--env", "testing", "--database-url", database.url)
    done = elsewhere("status", *options)
    assert suggestion(done) == [
        *("--project", str(filled.root), "--database-url", database.url, "--env", "testing"),
        "apply",
    ]


def test_what_a_variable_names_is_not_repeated(filled: Project, database: Database) -> None:
    done = Run(filled.root)("status", SQLMIG_DATABASE_URL=database.url)
    assert suggestion(done) == ["apply"]


def test_errors_of_the_command_line_repeat_them(run: partial[Result], database: Database) -> None:
    done = run("up")
    assert f"Did you mean sqlmig --database-url '{database.url}' apply?" in done.stderr


def test_json_stays_as_it_is(filled: Project, run: partial[Result]) -> None:
    run("apply", "-q")
    done = run("rollback", "001", "--format", "json")
    (error,) = json.loads(done.stdout)["errors"]
    assert error["remedy"].endswith(": sqlmig rollback 001_a --yes.")


@pytest.mark.parametrize("option", ["--database-url", "--mongo-url"])
def test_three_dots_in_place_of_a_url_reach_no_database(project: Project, option: str) -> None:
    project.migration("001_a", "create table a ()", "drop table a;")
    project.write("sqlmig.toml", 'database = "embedded"\nmongo = "embedded"\n')
    for dots in ("…", "..."):
        done = Run(project.root)(option, dots, "seed")
        assert done.returncode == 2
        assert done.stderr == (
            f"Error: {option} {dots}: the dots stand for a URL with a password\n"
            "Give the whole URL in their place.\n"
        )
    assert not (project.root / ".sqlmig").exists()


@pytest.mark.parametrize(
    ("given", "line", "told"),
    [
        (
            Options(database_url="postgresql://me@localhost/school?sslmode=require"),
            "Next: sqlmig apply",
            "Next: sqlmig --database-url 'postgresql://me@localhost/school?sslmode=require' apply",
        ),
        (Options(database_url=_SECRET), "a `sqlmig seed`", "a `sqlmig --database-url … seed`"),
        (
            Options(database_url="host=x password=secret"),
            "See `sqlmig status`, or run sqlmig repair --all.",
            "See `sqlmig --database-url … status`, or run sqlmig --database-url … repair --all.",
        ),
        (
            Options(database_url="postgresql://me:se@cret/x@host/db"),
            "Next: sqlmig apply",
            "Next: sqlmig --database-url … apply",
        ),
        (
            Options(database_url="postgresql+psycopg://me:secret@localhost/school"),
            "Next: sqlmig apply",
            "Next: sqlmig --database-url … apply",
        ),
        (
            Options(mongo_url="mongodb://localhost/school"),
            "Next: sqlmig seed --only mongo",
            "Next: sqlmig --mongo-url mongodb://localhost/school seed --only mongo",
        ),
        (
            Options(mongo_url="mongodb://me:secret@localhost/school"),
            "Next: sqlmig mongo reset",
            "Next: sqlmig --mongo-url … mongo reset",
        ),
        (Options(embedded=True), "Next: sqlmig apply", "Next: sqlmig --embedded apply"),
        (
            Options(project=Path("a b"), embedded=True, verbose=True),
            "`sqlmig embedded stop`",
            "`sqlmig --project 'a b' embedded stop`",
        ),
        (
            Options(project=Path("api"), database_url=_SECRET, env="testing"),
            'Next: sqlmig new "what changes"',
            'Next: sqlmig --project api new "what changes"',
        ),
        (
            Options(env="testing", database_url="dbname=x"),
            "set it: sqlmig environment set testing.",
            "set it: sqlmig --database-url dbname=x environment set testing.",
        ),
        (
            Options(env="production", database_url="dbname=x"),
            "If it is not: sqlmig --env development create.",
            "If it is not: sqlmig --database-url dbname=x --env development create.",
        ),
        (
            Options(embedded=True),
            "a marker of goose, which sqlmig does not read; see sql/sqlmig apply",
            "a marker of goose, which sqlmig does not read; see sql/sqlmig apply",
        ),
        *(
            (Options(embedded=True), words, words)
            for words in (
                'relation "sqlmig apply" does not exist',
                "first run sqlmig apply on the primary",
                "HINT: use sqlmig rollback 001 there",
                "002_b cannot be rolled back: use sqlmig rollback by hand",
                "nope sqlmig apply: no such folder",
            )
        ),
        (Options(embedded=True), "    -- sqlmig apply", "    -- sqlmig apply"),
        (Options(embedded=True), "+-- sqlmig apply", "+-- sqlmig apply"),
        (Options(embedded=True), "a value\nsqlmig apply", "a value\nsqlmig apply"),
        (Options(verbose=True), "Next: sqlmig apply", "Next: sqlmig apply"),
    ],
)
def test_a_command_in_a_line_gets_the_options_that_decide_where_it_works(
    given: Options, line: str, told: str
) -> None:
    assert completed(line, given) == told


def test_the_targets_of_a_fleet_are_repeated(
    filled: Project, run: partial[Result], database: Database
) -> None:
    filled.write("sqlmig.toml", "")
    done = run("fleet", "status", "--schemas", "pub%")
    told = ["--database-url", database.url, "fleet", "apply", "--schemas", "pub%"]
    assert suggestion(done) == told


def test_a_command_for_one_target_of_a_fleet_never_means_the_project_s_database() -> None:
    given, targets = Options(database_url="dbname=central"), " --schemas 't%'"
    for line, told in (
        ("Record them: sqlmig baseline.", "Record them: sqlmig --database-url … baseline."),
        (
            "Next: sqlmig fleet apply",
            "Next: sqlmig --database-url dbname=central fleet apply --schemas 't%'",
        ),
    ):
        assert completed(line, given, targets) == told
    assert completed("Set it: sqlmig environment set testing.", Options(env="testing"), "") == (
        "Set it: sqlmig --database-url … environment set testing."
    )


def test_the_warning_of_a_command_that_reads_repeats_them(
    filled: Project, run: partial[Result], database: Database
) -> None:
    run("--env", "development", "apply")
    database.execute("DELETE FROM _sqlmig_state WHERE key = 'environment'")
    done = run("--env", "development", "status")
    assert f"sqlmig --database-url '{database.url}' environment set development" in done.stderr


def test_a_shell_runs_what_is_suggested(
    filled: Project, programs: Path, run: partial[Result]
) -> None:
    (line,) = (line for line in run("status").stdout.splitlines() if line.startswith("Next: "))
    command = line.removeprefix("Next: ")
    path = {"PATH": f"{programs}:/usr/bin:/bin"}
    done = subprocess.run(["/bin/sh", "-c", command], cwd=filled.root, env=path, check=False)
    assert done.returncode == 0
