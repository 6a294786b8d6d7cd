"""The commands, run as a user runs them: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests.command import Run
from tests.database import Database
from tests.project import Project

Terminal = Callable[..., "tuple[subprocess.Popen[bytes], int]"]


@pytest.fixture(autouse=True)
def three_migrations(project: Project) -> None:
    for number, name in enumerate(("a", "b", "c"), 1):
        project.migration(f"00{number}_{name}", f"create table {name} ()", f"drop table {name}")


def named(database: Database) -> str:
    """The line that says which database is meant."""
    info = database.connection.info
    return f"Database: {info.dbname} on {info.host}:{info.port}, from --database-url\n"


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
    assert done.stderr == named(database)
    assert database.tables() == {"a", "b", "c"}


def test_a_second_apply_does_nothing_and_exits_0(run: Run) -> None:
    run("apply")
    done = run("apply")
    assert (done.returncode, done.stdout) == (0, "Nothing to apply: the database is up to date.\n")


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_apply_up_to_an_applied_target_says_nothing_of_what_is_pending_beyond(
    run: Run, options: tuple[str, ...]
) -> None:
    run("apply", "2")
    done = run("apply", "002_b", *options)
    assert (done.returncode, done.stdout) == (0, "Nothing to apply up to 002_b.\n")


def test_apply_stops_at_its_target(run: Run, database: Database) -> None:
    run("apply", "2")
    assert database.tables() == {"a", "b"}


def test_a_dry_run_shows_the_sql_and_changes_nothing(run: Run, database: Database) -> None:
    before = database.relations()
    done = run("apply", "--dry-run")
    assert done.returncode == 0
    assert "-- sql/migrations/002_b.sql\n    create table b ()\n" in done.stdout
    assert done.stdout.endswith(
        "Would apply 3 migrations, each in its own transaction. Nothing was changed.\n"
        "To see what would block a live database: sqlmig impact\n"
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
    for arguments, told in (
        (("002",), "002 is not applied"),
        (("002", "--dry-run"), "002 is not applied"),
        (("--steps", "1"), "no migration is applied"),
    ):
        done = run("rollback", *arguments)
        assert (done.returncode, done.stdout) == (0, f"Nothing to roll back: {told}.\n")


def test_a_rollback_of_a_pending_migration_whose_file_cannot_be_used_says_that_it_is_not_applied(
    run: Run, project: Project
) -> None:
    run("apply")
    project.write("sql/migrations/004_d.sql", "-- nothing yet")
    for arguments in (("4",), ("4", "--only"), ("4", "--use", "recorded")):
        done = run("rollback", *arguments)
        assert (done.returncode, done.stdout) == (0, "Nothing to roll back: 4 is not applied.\n")


def test_a_rollback_of_nothing_in_particular_names_a_command_that_works(run: Run) -> None:
    run("apply")
    done = run("rollback")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(": sqlmig rollback --steps 1.")


def test_rollback_of_one_alone(run: Run, database: Database, project: Project) -> None:
    run("apply")
    told = "Warning: 003_c was applied after 002_b and stays applied"
    assert told in run("rollback", "--only", "002", "--dry-run").stderr.splitlines()
    done = run("rollback", "--only", "002")
    assert done.returncode == 0
    assert told in done.stderr.splitlines()
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
        "Next: sqlmig diff 001_a",
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
    assert run("diff", "2").stdout == "002_b: the files match the record.\n"
    project.migration("002_b", "create table b (x int)", "drop table b")
    assert run("apply").returncode == 2
    shown = run("diff", "2").stdout
    assert "-create table b ()\n+create table b (x int)\n" in shown
    assert run("repair", "2").stdout.startswith("recorded  002_b, with its current files\n")
    assert run("apply").returncode == 0
    assert run("repair", "--all").stdout == "Nothing to repair: every file matches the record.\n"


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
    assert done.stderr.splitlines()[1:] == [
        'Error: sql/migrations/002_b.sql:2:5: type "numerc" does not exist (42704)',
        "    2 |   x numerc",
        "      |     ^",
        "1 applied, 1 failed, 1 not attempted. 002_b was undone completely. "
        "Fix sql/migrations/002_b.sql, then run `sqlmig apply`.",
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
    assert "Exit codes: 0 success" in run("--help").stdout


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
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "problem", "remedy"),
    [
        (("--format", "json", "nonsense"), "No such command 'nonsense'.", "sqlmig --help"),
        (("nonsense", "--format=json"), "No such command 'nonsense'.", "sqlmig --help"),
        (("--format", "json"), "Missing command.", "sqlmig --help"),
        (("diff", "--format", "json"), "Missing argument 'ID'.", "sqlmig diff --help"),
        (("apply", "--nonsense", "--format", "json"), "No such option", "sqlmig apply --help"),
        (("rollback", "--steps", "0", "--format", "json"), "Invalid value", "rollback --help"),
        (("changelog", "--format", "json"), "No such option", "sqlmig changelog --help"),
        (
            ("rollback", "--format", "json"),
            "expected one TARGET or --steps N",
            "sqlmig rollback --steps 1",
        ),
        (("status", "--env", "moon", "--format", "json"), "'moon' is not an environment", "Fix"),
    ],
)
def test_wrong_usage_is_json_where_that_was_asked_for(
    run: Run, arguments: tuple[str, ...], problem: str, remedy: str
) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (2, "")
    (error,) = json.loads(done.stdout)["errors"]
    assert error["error"] == "ConfigError"
    assert problem in error["message"]
    assert remedy in error["remedy"]


def test_what_is_no_format_is_told_as_text(run: Run) -> None:
    done = run("status", "--format", "xml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'xml' is not one of" in done.stderr


def test_bad_files_exit_2_and_nothing_is_touched(
    run: Run, project: Project, database: Database
) -> None:
    project.migration("004_d", "-- transactionl: false\nselect 1")
    before = database.relations()
    done = run("apply")
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"{named(database)}Error: sql/migrations/004_d.sql:1:1: unknown directive 'transactionl'\n"
        "    1 | -- transactionl: false\n      | ^\nDid you mean transactional? "
    )
    assert database.relations() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("apply", "--dry-run"),
        ("apply",),
        ("rollback", "--steps", "1", "--dry-run"),
        ("rollback", "--steps", "1"),
    ],
)
def test_a_command_first_says_which_database_it_means(
    run: Run, database: Database, arguments: tuple[str, ...]
) -> None:
    run("apply", "1")
    assert run(*arguments).stderr == named(database)
    assert run(*arguments, "--quiet").stderr == ""
    assert run(*arguments, "--format", "json").stderr == ""


def test_the_database_that_variables_name_is_told_with_the_variable(
    run: Run, project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = database.connection.info
    monkeypatch.setenv("PGHOST", info.host)
    monkeypatch.setenv("PGPORT", str(info.port))
    monkeypatch.setenv("PGUSER", info.user)
    monkeypatch.setenv("PGDATABASE", info.dbname)
    where = f"{info.dbname} on {info.host}:{info.port}"
    assert run("status", url=None).stderr == f"Database: {where}, from PGHOST\n"
    services = project.write(
        "services.conf",
        f"[shop]\nhost={info.host}\nport={info.port}\nuser={info.user}\ndbname={info.dbname}\n",
    )
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    assert run("status", url="service=shop").stderr == (
        "Database: service shop, from --database-url\n"
    )
    monkeypatch.setenv("PGSERVICE", "shop")
    assert run("status", url=None).stderr == f"Database: {where}, from PGSERVICE\n"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:hunt/er2@/x",
        "postgresql://ann:1/hunter2@localhost:1/x",
        "postgresql://ann:s3@hunter2@/x",
        "postgresql://ann:%zhunter2@localhost/x",
        "host=/nowhere password=my hunter2",
    ],
)
def test_no_part_of_a_password_is_told(run: Run, url: str) -> None:
    done = run("status", "--lock-wait", "0", url=url)
    assert done.returncode in (2, 3)
    assert "er2" not in done.stderr


def test_warnings_go_to_stderr_before_the_result(run: Run, project: Project) -> None:
    project.migration("004_d", "begin;\ncreate table d ();\ncommit;", "drop table d")
    warning = (
        "Warning: sql/migrations/004_d.sql: its own BEGIN and COMMIT are left out; "
        "sqlmig sends them"
    )
    for arguments in (("apply", "--dry-run"), ("apply",)):
        done = run(*arguments)
        assert done.stderr.splitlines()[1:] == [warning]
        assert "Warning" not in done.stdout


def test_no_help_text_of_the_commands_is_cut(run: Run) -> None:
    for arguments in ((), ("embedded",)):
        assert "..." not in run(*arguments, "--help").stdout.partition("Commands:")[2]


# On a terminal


@pytest.fixture
def terminal(project: Project, database: Database) -> Iterator[Terminal]:
    """Starts `python -m sqlmig …` on a terminal of its own."""
    terminals: list[int] = []

    def start(*arguments: str) -> tuple[subprocess.Popen[bytes], int]:
        ours, its = os.openpty()
        terminals.append(ours)
        process = subprocess.Popen(
            [sys.executable, "-m", "sqlmig", "--database-url", database.url, *arguments],
            cwd=project.root,
            stdin=its,
            stdout=its,
            stderr=its,
        )
        os.close(its)
        return process, ours

    yield start
    for each in terminals:
        os.close(each)


def read(ours: int, end: str = "") -> str:
    """What a terminal shows until those words, or until its process has ended."""
    shown = b""
    while not end or end.encode() not in shown:
        try:
            data = os.read(ours, 4096)
        except OSError:  # as Linux reports that nobody writes any more
            break
        if not data:
            break
        shown += data
    return shown.decode()


def test_a_terminal_shows_which_migration_is_under_way(terminal: Terminal) -> None:
    process, ours = terminal("apply", "1")
    lines = read(ours).splitlines()
    assert lines[1] == "applying  001_a …"
    assert lines[2].startswith("\x1b[2Kapplied  001_a")  # in place of the line before
    assert process.wait() == 0
    process, ours = terminal("rollback", "1")
    assert "rolling back  001_a …" in read(ours)
    assert process.wait() == 0


def test_an_error_is_marked_in_colour_on_a_terminal(terminal: Terminal) -> None:
    process, ours = terminal("apply", "999")
    assert "\x1b[31m\x1b[1mError: \x1b[0mno migration '999'" in read(ours)
    assert process.wait() == 2


def test_one_question_names_all_that_would_be_lost(
    run: Run, terminal: Terminal, database: Database
) -> None:
    run("apply")
    database.execute("insert into a default values; insert into c default values")
    process, ours = terminal("rollback", "1")
    question = read(ours, "Continue?")
    assert "c (1 row)" in question
    assert "a (1 row)" in question
    os.write(ours, b"y\n")
    assert "3 migrations rolled back." in read(ours)
    assert process.wait() == 0
    assert database.tables() == set()


def test_a_no_does_nothing_and_exits_as_a_rollback_that_was_not_agreed_to(
    run: Run, terminal: Terminal, database: Database
) -> None:
    run("apply")
    database.execute("insert into c default values")
    process, ours = terminal("rollback", "3")
    read(ours, "Continue?")
    os.write(ours, b"n\n")
    assert "Nothing was rolled back." in read(ours)
    assert process.wait() == 3
    for command, what in (("embedded", "deletes"), ("mongo", "drops")):
        process, ours = terminal(command, "reset")
        assert f"This {what}" in read(ours, "Continue?")
        os.write(ours, b"n\n")
        said = read(ours)
        assert "Nothing was changed." in said
        assert "Usage" not in said
        assert process.wait() == 3


def test_ctrl_c_in_answer_to_a_question_exits_130(
    run: Run, terminal: Terminal, database: Database
) -> None:
    run("apply")
    database.execute("insert into c default values")
    process, ours = terminal("rollback", "1")
    read(ours, "Continue?")
    while process.poll() is None:  # one that comes before the question waits would wait with it
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):  # a second one, while it ends, would kill it
            process.wait(timeout=5)
    assert "Interrupted." in read(ours)
    assert process.returncode == 130
    assert database.tables() == {"a", "b", "c"}


# Where the output goes


def test_a_reader_who_has_gone_stops_no_work(
    run: Run, project: Project, database: Database
) -> None:
    command = f"{sys.executable} -m sqlmig --database-url '{database.url}' apply | head -1"
    project.migration("002_b", "select pg_sleep(0.3); create table b ()", "drop table b")
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=project.root,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("applied  001_a")
    assert "rror" not in done.stderr
    assert database.applied() == ["001_a", "002_b", "003_c"]


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "2>/dev/full"])
def test_a_closed_stream_stops_no_work(
    project: Project, database: Database, redirection: str
) -> None:
    command = f"{sys.executable} -m sqlmig --database-url '{database.url}' apply {redirection}"
    done = subprocess.run(["bash", "-c", command], cwd=project.root, check=False)
    assert database.applied() == ["001_a", "002_b", "003_c"]
    assert done.returncode == (3 if "full" in redirection else 0)


@pytest.mark.parametrize("arguments", ["apply", "status", "status --format json"])
def test_a_full_disk_is_told_after_the_work(
    project: Project, database: Database, arguments: str
) -> None:
    command = f"{sys.executable} -m sqlmig --database-url '{database.url}' {arguments} >/dev/full"
    done = subprocess.run(
        ["bash", "-c", command], cwd=project.root, check=False, capture_output=True, text=True
    )
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == (
        "Error: the command completed, but its output could not be written: No space left on device"
    )
    assert len(database.relations()) == 0 or database.applied() == ["001_a", "002_b", "003_c"]


@pytest.mark.parametrize("option", ["--database-url", "--mongo-url"])
def test_an_empty_url_is_refused(run: Run, option: str) -> None:
    done = run("status", option, "", url=None)
    assert done.returncode == 2
    assert f"{option} is empty" in done.stderr


@pytest.mark.parametrize("command", ["verify", "drift"])
def test_an_empty_scratch_url_is_refused(run: Run, command: str) -> None:
    done = run(command, "--scratch-url", " ")
    assert done.returncode == 2
    assert "--scratch-url is empty" in done.stderr


@pytest.mark.parametrize("variable", ["DATABASE_URL", "SQLMIG_DATABASE_URL", "SQLMIG_ENV"])
def test_an_empty_variable_leads_to_no_other_database(
    run: Run, project: Project, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    project.write("sqlmig.toml", 'database = "embedded"\n')
    monkeypatch.setenv(variable, "")
    done = run("apply", url=None)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{variable} is empty" in done.stderr
    assert not (project.root / ".sqlmig").exists()
