"""Runs sqlmig in this process and prints the seconds of its loop: `python -m benchmarks.loop`.

The loop lasts from the first statement of the first migration to the last answer; starting Python,
reading the files and planning are not part of it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from sqlmig import Config, Direction, MigrationResult, Migrator
from sqlmig.model import SilentObserver
from sqlmig.plan import Newest, RowLoss, Since


class Stopwatch(SilentObserver):
    """Records when the first migration begins and when the last one ends."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._ended = 0.0

    @property
    def seconds(self) -> float:
        """The time between the two."""
        assert self._began is not None, "something was run"
        return self._ended - self._began

    def started(self, migration_id: str, direction: Direction) -> None:  # noqa: ARG002
        """Records the time of the first one."""
        self._began = self._began or time.perf_counter()

    def finished(self, result: MigrationResult) -> None:  # noqa: ARG002
        """Records the time of the latest one."""
        self._ended = time.perf_counter()


def main(direction: str) -> None:
    """Applies all migrations, or rolls back the newest, or all."""
    stopwatch = Stopwatch()
    migrator = Migrator(Config.load(Path.cwd()), stopwatch)
    if direction == "apply":
        migrator.apply()
    else:
        selection = Newest(1) if direction == "rollback-one" else Since("1")
        migrator.rollback(selection, row_loss=RowLoss.ACCEPT)
    print(stopwatch.seconds)


if __name__ == "__main__":
    main(sys.argv[1])
