"""What scripts, rows, names and servers say is printed escaped, to a pipe and to a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from pymongo import MongoClient

from tests.cli.test_terminal import on_a_terminal, read_all
from tests.command import Run
from tests.database import Database
from tests.mongo.seeds import Seeds
from tests.project import Project
from tests.repository import Repository

HOSTILE = (
    "a\x1b[31m\x07\rb\x9b1m\u202ec\u2028d\te\nError: forged\n::error::forged\n  ::error::forged\n"
    "##[error]forged"
)
QUOTED = HOSTILE.replace("'", "''")
_RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_OURS = re.compile("\x1b\\[[0-9;]*m|\r?\x1b\\[(?:2K|\\?25[lh])\r?")
_FORGED = re.compile(r"^Error: forged|^\s*::error|##\[", re.MULTILINE)


@pytest.fixture
def run(project: Project, database: Database) -> Run:
    """Runs `python -m sqlmig …` in the project's folder, on the test's database."""
    return Run(project.root, database.url)


@pytest.fixture
def watch(project: Project, database: Database) -> Callable[..., str]:
    """Runs the same on a terminal, so wide that nothing is folded."""
    options = ("--project", str(project.root), "--database-url", database.url)
    return lambda *arguments: on_a_wide_terminal(*options, *arguments)


def on_a_wide_terminal(*arguments: str) -> str:
    return on_a_terminal(*arguments, variables={"COLUMNS": "500"})


def run_in(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return Run(project.root)(*arguments)


def assert_harmless(written: str) -> None:
    """No control character but line ends and our own colours; no line of ours that is none."""
    plain = _OURS.sub("", written)
    assert not _RAW.search(plain), ascii(written)
    assert not _FORGED.search(plain), ascii(written)
    assert "forged" in plain


def assert_harmless_both(done: subprocess.CompletedProcess[str]) -> None:
    assert_harmless(done.stdout + done.stderr)
    assert "Traceback" not in done.stderr


def test_rows_of_checks_and_their_columns(
    run: Run, watch: Callable[..., str], project: Project
) -> None:
    project.migration("001_a", "select 1;")
    project.write("sql/checks/1_c.sql", f"select '{QUOTED}' as \"{HOSTILE}\", 2 as b;")
    done = run("check")
    assert done.returncode == 1
    assert_harmless_both(done)
    assert r"\nError: forged\n::error::forged" in done.stdout
    assert_harmless(watch("check"))


def test_what_the_server_says_with_its_detail_and_hint(
    run: Run, watch: Callable[..., str], project: Project
) -> None:
    project.migration(
        "001_a",
        f"do $$ begin raise exception e'{ascii(HOSTILE)[1:-1]}' "
        f"using detail = '{QUOTED}', hint = '{QUOTED}'; end $$;".replace("\\x9b", "\\u009b"),
    )
    done = run("apply", "-v")
    assert done.returncode == 3
    assert_harmless_both(done)
    assert "DETAIL: a\\x1b[31m\\x07\n  | b" in done.stderr
    assert "  | Error: forged\n" in done.stderr
    assert_harmless(watch("apply", "-v"))


def test_a_message_with_lines_stays_readable(run: Run, project: Project) -> None:
    project.migration(
        "001_a", "do $$ begin raise exception e'one\\ntwo' using hint = e'three\\nfour'; end $$;"
    )
    assert "one\n  | two" in run("apply").stderr
    assert "\nHINT: three\n  | four\n" in run("apply").stderr


def test_descriptions_in_plans_and_in_the_status(
    run: Run, watch: Callable[..., str], project: Project
) -> None:
    described = HOSTILE.replace("\n", " ").replace("\r", " ")
    project.migration("001_a", f"-- {described}\nselect '{QUOTED}';")
    for arguments in (("status",), ("apply", "--dry-run")):
        assert_harmless_both(run(*arguments))
        assert_harmless(watch(*arguments))


def test_the_sql_of_a_plan_is_indented(run: Run, project: Project) -> None:
    project.migration("001_a", "select '\nError: forged\n\n::error::forged'\n;")
    done = run("apply", "--dry-run")
    assert "\n    select '\n    Error: forged\n\n    \\x3a:error::forged'\n    ;\n" in done.stdout


def test_a_source_line_with_its_caret_below_the_character(run: Run, project: Project) -> None:
    before = HOSTILE.partition("\r")[0].replace("'", "") + "\t\u202e"
    project.migration("001_forged", f"/* {before} */ selec 1;")
    done = run("apply")
    lines = done.stderr.splitlines()
    caret = next(i for i, line in enumerate(lines) if line.endswith("^"))
    assert lines[caret - 1][lines[caret].index("^") :].startswith("selec")
    assert_harmless_both(done)


def test_names_that_drift_finds(
    run: Run, watch: Callable[..., str], project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ();")
    run("apply")
    name = HOSTILE[:40] + "\nError: forged"
    database.connection.execute(
        sql.SQL("CREATE TABLE {} (x int DEFAULT 1)").format(sql.Identifier(name))
    )
    database.connection.execute(sql.SQL("COMMENT ON TABLE a IS {}").format(sql.Literal(HOSTILE)))
    done = run("drift")
    assert done.returncode == 1
    assert_harmless_both(done)
    assert_harmless(watch("drift"))


def test_ids_in_the_history(
    run: Run, watch: Callable[..., str], project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ();")
    run("apply")
    database.connection.execute(
        "INSERT INTO _yoyo_migration (migration_hash, migration_id, applied_at_utc) "
        "VALUES ('x', %s, now())",
        (f"000{HOSTILE}",),
    )
    for arguments in (("status",), ("apply",), ("diff", f"000{HOSTILE}"), ("rollback", "1")):
        done = run(*arguments)
        assert "Traceback" not in done.stderr
        assert not _RAW.search(done.stdout + done.stderr)
        assert not _FORGED.search(done.stdout + done.stderr)
    assert_harmless(watch("status"))


def test_names_of_files_also_such_as_are_not_utf_8(
    run: Run, watch: Callable[..., str], project: Project
) -> None:
    name = HOSTILE.replace("/", "")[:80].encode() + b"\xff forged"
    project.write(f"sql/migrations/001_{os.fsdecode(name)}.sql", "select 1;")
    for arguments in (("validate",), ("status",), ("validate", "--format", "json")):
        done = run(*arguments)
        assert done.returncode == 2
        assert_harmless_both(done)
    assert_harmless(watch("validate"))


def test_annotations_for_github(repository: Repository) -> None:
    name = "002_a\n::error::forged%0A\x1b[31m\u202e"
    repository.entered("001_a")
    repository.commit()
    repository.migration(name.replace("/", ""), "select 1;")
    for form in ("github", "text"):
        done = run_in(repository, "changelog", "lint", "--worktree", "--format", form)
        assert done.returncode == 1
        assert not _RAW.search(done.stdout)
        assert "\n::error::forged" not in done.stdout
        assert "forged" in done.stdout
    done = run_in(repository, "changelog", "lint", "--worktree", "--format", "github")
    assert "%0A::error::forged%250A\\x1b[31m\\u202e" in done.stdout


def test_log_lines(run: Run, project: Project, database: Database) -> None:
    project.migration("001_a", "select 1;")
    run("apply")
    name = "001_a\nError: forged\x1b[31m"
    for table in ("_yoyo_migration", "_sqlmig_migration"):
        database.connection.execute(f"UPDATE {table} SET migration_id = %s".encode(), (name,))
    done = run("rollback", "--steps", "1", "-v")
    assert done.returncode == 0, done.stderr
    assert_harmless_both(done)
    assert re.search(r" sqlmig: rollback 001_a\n  \| Error: forged\\x1b\[31m: ", done.stderr)


def test_documents_of_mongodb(
    project: Project, mongo_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = Seeds(project.root / "mongo_seeds")
    seeds.documents("reference/10_classes.json", {"_id": HOSTILE, HOSTILE: 1})
    options = ("--project", str(project.root), "--mongo-url", mongo_url)
    assert run_in(project, *options, "seed", "--only", "mongo").returncode == 0
    with MongoClient[dict[str, Any]](mongo_url) as client:
        classes = client.get_default_database()["classes"]
        classes.replace_one({"_id": HOSTILE}, {"_id": HOSTILE, HOSTILE: 2})
    assert_harmless_both(run_in(project, *options, "mongo", "status"))
    assert_harmless(on_a_wide_terminal(*options, "mongo", "status"))


def test_a_question_on_a_terminal(project: Project, database: Database) -> None:
    name = "a\x1b[31m\nError: forged"
    quoted = f'"{name}"'
    project.migration("001_a", f"create table {quoted} (x int);", f"drop table {quoted};")
    target = ("--project", str(project.root), "--database-url", database.url)
    options = (*target, "--env", "production")
    assert run_in(project, *options, "apply").returncode == 0
    database.connection.execute(sql.SQL("INSERT INTO {} VALUES (1)").format(sql.Identifier(name)))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "sqlmig", "rollback", "001", *options]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        os.write(ours, b"n\n")
        written = read_all(ours).decode().replace("\r\n", "\n")
    os.close(ours)
    assert "Continue?" in written
    assert_harmless(written)


def test_show_gives_a_file_as_it_is_and_a_terminal_what_it_can_bear(
    run: Run, watch: Callable[..., str], project: Project
) -> None:
    text = f"select '{QUOTED}';\r\nselect '\x1b[31m';\n"
    project.migration("001_a", text)
    command = [sys.executable, "-m", "sqlmig", "show", "001", "--project", str(project.root)]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout.decode() == text
    shown = watch("show", "001")
    assert not _RAW.search(shown)
    assert shown.endswith("##[error]forged';\nselect '\\x1b[31m';\n".replace("##[", "\\x23#["))


def test_words_of_the_command_line(run: Run) -> None:
    for arguments in ((f"--{HOSTILE}",), (HOSTILE,), ("apply", "--lock-wait", HOSTILE)):
        done = run(*arguments)
        assert done.returncode == 2
        assert_harmless_both(done)


def test_json_holds_no_control_characters_either(run: Run, project: Project) -> None:
    project.migration("001_a", "select 1;")
    project.write("sql/checks/1_c.sql", f"select '{QUOTED}' as x;")
    done = run("check", "--format", "json")
    assert not _RAW.search(done.stdout)
    assert json.loads(done.stdout)["checks"][0]["rows"] == [[HOSTILE]]


def test_output_that_the_encoding_lacks_stops_no_work(
    run: Run, project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    project.migration("001_naïve", "create table a ();")
    project.migration("002_b", "create table b ();")
    done = run("apply")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 migrations applied.")
    assert r"applied  001_na\xefve" in done.stdout
    assert database.tables() == {"a", "b"}
    found = json.loads(run("status", "--format", "json").stdout)
    assert "001_naïve" in json.dumps(found, ensure_ascii=False)


_parts = [
    "\x1b]0;x\x07",
    "\r",
    "\n",
    "\x85",
    "\u2067",
    "\t",
    "Error: forged",
    "::error::forged",
    "x",
]


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(_parts), max_size=8).map("".join))
def test_no_value_controls_a_terminal_or_begins_a_line(
    run: Run, watch: Callable[..., str], project: Project, value: str
) -> None:
    value = f"x{value}forged"
    line = re.sub(r"[\r\n]", " ", value)
    project.migration("001_a", f"-- {line}\nselect 1;")
    project.write("sql/checks/1_c.sql", f"-- {line}\nselect '{value}' as a, '{value}' as b;")
    project.write("sql/checks/2_d.sql", f"select '{value}'::int;")
    for written in (watch("check"), (done := run("check")).stdout + done.stderr):
        assert_harmless(written)
