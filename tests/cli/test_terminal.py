"""Commands as a person sees them on a terminal of 80 columns, and as a log keeps them."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.database import Database
from tests.forkserver import Command, Fork
from tests.project import Project

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_ERASE = "\r\x1b[2K"


@pytest.fixture
def config(smart_kids: Path, database: Database) -> tuple[str, ...]:
    """The options that name this repository and the test's database."""
    return ("--project", str(smart_kids), "--database-url", database.url)


def on_a_terminal(*arguments: str, variables: Mapping[str, str] | None = None) -> str:
    """What a command writes to a terminal of 80 columns, stderr too."""
    cleared = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR")}
    environment = cleared | {"TERM": "xterm-256color", "COLUMNS": "80"} | dict(variables or {})
    ours, theirs = pty.openpty()
    with Path(os.devnull).open() as nothing:
        command = Command(list(arguments), str(Path.cwd()), environment)
        fork = Fork(command, (nothing.fileno(), theirs, theirs))
    os.close(theirs)
    written = read_all(ours)
    fork.wait()
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def answered(answer: str, *arguments: str) -> str:
    """What a command writes to a terminal on which someone gives that answer."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "sqlmig", *arguments]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment):
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        written = read_all(ours)
    os.close(ours)
    return _STYLE.sub("", written.decode().replace("\r\n", "\n"))


def read_all(terminal: int) -> bytes:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other end is closed
            return b"".join(parts)
        if not part:
            return b"".join(parts)
        parts.append(part)


def test_status_fits_into_80_columns(config: tuple[str, ...]) -> None:
    on_a_terminal("apply", "003", *config)
    shown = _STYLE.sub("", on_a_terminal("status", *config))
    *lines, following = shown.splitlines()
    assert max(map(len, lines)) <= 80
    assert re.search(
        r"^ 003_student_fee_ledgers +applied +\S.* One fee ledger", shown, re.MULTILINE
    )
    assert following.startswith("Next: sqlmig ")
    assert following.endswith(" apply")


def test_what_runs_is_shown_until_it_is_done_with_its_time(config: tuple[str, ...]) -> None:
    shown = on_a_terminal("apply", "002", *config)
    done = r"applied  001_extensions  \(\d+ ms\)\n"
    assert re.search(rf"applying  001_extensions …{re.escape(_ERASE)}{done}", shown)
    assert "…" not in shown.replace(f"…{_ERASE}", "")


def test_an_error_takes_the_place_of_what_was_running(
    config: tuple[str, ...], database: Database
) -> None:
    database.execute("create table payments ()")
    shown = on_a_terminal("apply", *config)
    assert "applying  005_payments …" in shown
    assert f"{_ERASE}\x1b[31m\x1b[1mError: \x1b[0m" in shown


@pytest.mark.parametrize("variable", ["CI", "TERM"])
def test_a_log_gets_plain_lines(config: tuple[str, ...], variable: str) -> None:
    shown = on_a_terminal("apply", "002", *config, variables={variable: "dumb"})
    assert "\x1b" not in shown
    assert "applying" not in shown
    assert "applied  002_academic_sessions" in shown


def test_no_color_leaves_colours_out(config: tuple[str, ...], database: Database) -> None:
    colours = re.compile(r"\x1b\[(3\d|[0-9;]*;3\d)")
    assert colours.search(on_a_terminal("status", *config))
    assert not colours.search(on_a_terminal("status", *config, variables={"NO_COLOR": "1"}))
    database.execute("create table academic_sessions ()")
    assert colours.search(on_a_terminal("apply", *config))
    assert not colours.search(on_a_terminal("apply", *config, variables={"NO_COLOR": "1"}))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from sqlmig.cli import main; main(prog_name='sqlmig')"],
        env={**os.environ, "_SQLMIG_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_SQLMIG_COMPLETE" in done.stdout, done.stderr


def test_commands_and_migrations_are_completed(smart_kids: Path) -> None:
    def completed(words: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-c", "from sqlmig.cli import main; main(prog_name='sqlmig')"],
            cwd=smart_kids,
            env={
                **os.environ,
                "_SQLMIG_COMPLETE": "fish_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": words.rsplit(maxsplit=1)[-1],
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return {line.partition(",")[2].partition("\t")[0] for line in done.stdout.splitlines()}

    assert "rollback" in completed("sqlmig ro")
    assert completed("sqlmig rollback 00") >= {"001_extensions", "005_payments"}
    assert completed("sqlmig import x --from sq") == {"sql-migrate", "sqlx", "sqitch"}


def test_a_rollback_asks_once_on_lines_of_its_own_and_takes_a_no(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a as select 1 as x", "drop table a")
    project.migration("002_b", "alter table a add y int", "alter table a drop y")
    named = ("--project", str(project.root), "--database-url", database.url)
    on_a_terminal("apply", "--env", "production", *named)
    shown = answered("n", "rollback", "001", *named)
    lines = shown.replace(_ERASE, "\n").splitlines()
    first = lines.index("rolling back 002_b would lose columns: a.y (1 row)")
    assert lines[first + 1] == "rolling back 001_a would lose rows of: a (1 row)"
    assert shown.count("Continue?") == 1
    assert "Error" not in shown
    assert shown.rstrip().endswith("Nothing was rolled back.")
    assert database.applied() == ["001_a", "002_b"]


def test_status_shows_what_is_pending_alone_and_each_on_one_line(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "select 1")
    project.migration("002_b", f"-- {'Long words ' * 20}\nselect 1")
    named = ("--project", str(project.root), "--database-url", database.url)
    on_a_terminal("apply", "1", *named)
    shown = _STYLE.sub("", on_a_terminal("status", "--pending", *named))
    assert "001_a" not in shown
    (line,) = [line for line in shown.splitlines() if "Long words" in line]
    assert line.rstrip().endswith("…")
    assert "2 migrations: 1 pending, 1 applied." in shown
