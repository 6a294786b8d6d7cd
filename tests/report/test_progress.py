"""The lines of what goes on."""

from __future__ import annotations

import pytest

from sqlmig.model import Direction, LockHolder, MigrationResult, Outcome
from sqlmig.report import progress


@pytest.mark.parametrize(
    ("direction", "line"),
    [
        (Direction.APPLY, "applied  004_x  (412 ms)"),
        (Direction.ROLLBACK, "rolled back  004_x  (412 ms)"),
    ],
)
def test_a_finished_migration_is_one_line(direction: Direction, line: str) -> None:
    assert progress.finished(MigrationResult("004_x", direction, Outcome.DONE, 0.4123)) == line


def test_a_waiting_runner_says_for_whom_and_how_long() -> None:
    holder = LockHolder(7, "sqlmig on build7", "10.0.0.7", None)
    assert progress.waiting(holder, 59.6) == (
        "waiting for another runner: sqlmig on build7 from 10.0.0.7 (server pid 7); "
        "giving up in 60 s"
    )
    assert progress.waiting(None, 3) == (
        "waiting for another runner: a session that this role may not see; giving up in 3 s"
    )


def test_a_repeated_migration_says_why_and_when() -> None:
    assert progress.retrying(["001_a", "002_b"], "deadlock detected", 0.25) == (
        "001_a, 002_b  undone: deadlock detected; trying again in 0.2 s"
    )
