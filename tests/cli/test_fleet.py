"""`sqlmig fleet` as a user runs it: in a pipe, as JSON, and on a terminal of 80 columns."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.test_json_schemas import schema
from tests.cli.test_terminal import on_a_terminal
from tests.command import Run
from tests.database import Database
from tests.fleet.fleets import tenants
from tests.project import Project

_STYLE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
SECRET = "s3cret"


@pytest.fixture
def run(project: Project, database: Database) -> Run:
    """A project of two migrations, of which one fails for the second of three tenants."""
    project.migration("001_a", "create table a ()")
    project.migration("002_b", "create table b ()")
    project.write("sqlmig.toml", "[fleet]\nschemas = 'tenant%'\nparallel = 1\n")
    tenants(database, 3)
    database.execute("create table tenant2.b ()")
    return Run(project.root, database.url)


def test_a_pipe_gets_plain_lines_and_exit_codes_say_what_was_found(
    run: Run, database: Database
) -> None:
    assert run("fleet", "status").returncode == 0
    checked = run("fleet", "status", "--check")
    assert checked.returncode == 1
    assert checked.stdout.splitlines() == [
        "STATE   TARGETS",
        "behind  3",
        "",
        "TARGET   STATE   MIGRATIONS",
        *(f"tenant{number}  behind  2 pending, from 001_a" for number in (1, 2, 3)),
        "Next: sqlmig fleet apply",
    ]
    failed = run("fleet", "apply")
    assert failed.returncode == 3
    lines = re.sub(r"\(\d[\d.]* m?s\)", "(…)", failed.stdout).splitlines()
    assert lines[:8] == [
        "applied  tenant1  2 migrations  (…)",
        'failed   tenant2  relation "b" already exists (42P07)',
        "STATE      TARGETS",
        "applied    1",
        "failed     1",
        "not begun  1",
        "",
        'tenant2: sql/migrations/002_b.sql:1:1: relation "b" already exists (42P07)',
    ]
    assert lines[-3:] == [
        "Not begun: tenant3",
        "",
        "Next: run the same command again; it continues with what is left.",
    ]
    database.execute("drop table tenant2.b")
    again = run("fleet", "apply", "--parallel", "4")
    assert again.returncode == 0
    assert "current  1" in again.stdout
    assert run("fleet", "status", "--check").returncode == 0
    assert run("fleet", "status", "--schemas", "none").returncode == 2


def test_json_has_one_line_for_each_target(run: Run) -> None:
    for command, code in (("status", 0), ("apply", 3)):
        done = run("fleet", command, "--format", "json")
        assert (done.returncode, done.stderr) == (code, "")
        found = [json.loads(line) for line in done.stdout.splitlines()]
        for target in found:
            schema("fleet_target").validate(target)
        assert sorted(target["target"] for target in found) == ["tenant1", "tenant2", "tenant3"]
    assert [target["state"] for target in found] == ["applied", "failed", "not begun"]
    assert found[1]["errors"][0]["location"]["path"] == "sql/migrations/002_b.sql"
    assert [each["outcome"] for each in found[1]["migrations"]] == ["done", "failed"]


def test_no_password_shows_whatever_fails(run: Run, project: Project) -> None:
    url = f"postgresql://somebody:{SECRET}@127.0.0.1:1/d"
    project.write("targets.txt", f"one {url}\ntwo {url.replace('/d', '/e')}\n")
    for command in ("status", "apply"):
        for form in ("text", "json"):
            options = ("--targets", "targets.txt", "--format", form, "--verbose")
            done = run("fleet", command, *options)
            assert done.returncode == 3
            assert SECRET not in done.stdout + done.stderr
            assert "one" in done.stdout


def test_a_terminal_shows_a_bar_and_then_the_table(run: Run, database: Database) -> None:
    database.execute("drop table tenant2.b")
    options = ("--project", str(run.folder), "--database-url", str(run.url))
    shown = on_a_terminal("fleet", "apply", *options)
    plain = _STYLE.sub("", shown)
    assert re.search(r"targets ━+ *\d/3 ", plain)
    assert max(len(line) for line in re.split(r"[\r\n]", plain)) <= 80
    assert "applied  tenant1" not in plain
    assert re.search(r"^ applied +3 *$", plain, re.MULTILINE)
    quiet = on_a_terminal("fleet", "status", "--quiet", *options)
    assert "━" not in quiet
