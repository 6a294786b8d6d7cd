"""The lines that show a command's progress, one for each event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlmig.model import Direction, LockHolder, MigrationResult, Notice, Round
from sqlmig.report.figures import counted, duration


def started(migration_id: str, direction: Direction) -> str:
    """The line for a migration that begins."""
    doing = "applying" if direction is Direction.APPLY else "rolling back"
    return f"{doing}  {migration_id} …"


def rehearsing(migration_id: str) -> str:
    """The line for a rollback that is tried and undone."""
    return f"checking what would be lost  {migration_id} …"


def finished(result: MigrationResult) -> str:
    """The line for a migration that is committed."""
    done = "applied" if result.direction is Direction.APPLY else "rolled back"
    return f"{done}  {result.migration_id}  ({duration(result.duration)})"


def wrote(done: Round) -> str:
    """The line for a repeated migration that continues."""
    rows, rounds = counted(done.rows_so_far, "row"), counted(done.number, "round")
    return f"applying  {done.migration_id}  ({rows} so far; {rounds} in this run)"


def waiting(holder: LockHolder | None, remaining: float) -> str:
    """The line for a runner that waits for another."""
    who = holder or "a session that this role may not see"
    return f"waiting for another runner: {who}; giving up in {remaining:.0f} s"


def retrying(migration_ids: Sequence[str], reason: str, delay: float) -> str:
    """The line for a migration that will be run again."""
    return f"{', '.join(migration_ids)}  undone: {reason}; trying again in {delay:.1f} s"


def warning(words: str) -> str:
    """The line for a warning."""
    return f"Warning: {words}"


def noticed(notice: Notice) -> Sequence[str]:
    """The lines for a server message while a script ran, with DETAIL and HINT."""
    return [str(notice), *replace(notice.message, context="").details()]
