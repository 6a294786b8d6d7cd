"""Runners as separate processes: starts them, watches them from the server's side, kills them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.database import Database
from tests.project import Project

REPOSITORY = Path(__file__).parents[2]
KILLED = -signal.SIGKILL
_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.005


@dataclass(frozen=True)
class Ending:
    """How a runner ended: its exit code, negative for a signal, and its output."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Runner:
    """A running `sqlmig apply`."""

    process: subprocess.Popen[str]

    def ending(self) -> Ending:
        """Waits for the end; fails if the runner does not end within half a minute."""
        try:
            stdout, stderr = self.process.communicate(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            stdout, stderr = self.process.communicate()
            raise AssertionError(f"the runner hangs:\n{stdout}\n{stderr}") from None
        return Ending(self.process.returncode, stdout, stderr)

    def kill(self) -> None:
        """kill -9, and waits until the process is gone."""
        assert self.process.poll() is None, f"it ended by itself: {self.ending()}"
        self.process.kill()
        self.ending()

    def signal(self, sign: signal.Signals) -> Ending:
        """Sends a signal and waits for the end."""
        self.process.send_signal(sign)
        return self.ending()


def start(project: Project, url: str, *options: str, command: Sequence[str] = ("apply",)) -> Runner:
    """Starts `python -m sqlmig apply`, or another command, without waiting for it."""
    return _start(["-m", "sqlmig", *command], project, url, options)


def start_doomed(
    moment: str, place: float | str, project: Project, url: str, command: Sequence[str] = ("apply",)
) -> Runner:
    """Starts the command under runner.py, which kills it at that place."""
    program = ["-m", "tests.faults.runner", moment, str(place), *command]
    return _start(program, project, url, [])


def start_together(count: int, project: Project, url: str) -> Runner:
    """Starts that many runners at the same moment; they have one common ending."""
    return start_doomed("together", count, project, url)


def wait_until(condition: Callable[[], object], runner: Runner | None = None) -> None:
    """Polls until the condition holds; fails after half a minute, or when the runner has ended."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if runner is not None and runner.process.poll() is not None and not condition():
            raise AssertionError(f"the runner ended too early: {runner.ending()}")
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(_POLL_SECONDS)


def sleeping(database: Database) -> bool:
    """Whether a statement of the database is in pg_sleep."""
    return bool(
        database.value(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
    )


def waiting(database: Database) -> int:
    """How many sessions of the database wait for a lock."""
    count: int = database.value(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return count


def runners_at_work(database: Database) -> int:
    """How many runners have sessions on the server, orphans included."""
    count: int = database.value(
        "SELECT count(DISTINCT application_name) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name LIKE 'sqlmig %'"
    )
    return count


def waits_for_its_turn(database: Database) -> bool:
    """Whether a runner failed to get the lock and is idle until its next attempt."""
    return bool(
        database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND state = 'idle' AND query LIKE '%pg_try_advisory_lock%' "
            "AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
        )
    )


def advisory_locks(database: Database) -> int:
    """How many advisory locks are held in the database."""
    count: int = database.value(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return count


def _start(program: Sequence[str], project: Project, url: str, options: Sequence[str]) -> Runner:
    return Runner(
        subprocess.Popen(
            [
                sys.executable,
                *program,
                *options,
                f"--project={project.root}",
                f"--database-url={url}",
            ],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
