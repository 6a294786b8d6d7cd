"""The time of commands that use a scratch database, relative to `apply`."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.layouts import paired_folders
from benchmarks.migrations import migrations
from benchmarks.process import sqlmig
from benchmarks.server import Server

APPLY, VERIFY, IMPACT = "apply", "verify", "impact --all"
# In this order: the others need the migrations to be applied.
_COMMANDS = (APPLY, VERIFY, "verify --rows", "drift", IMPACT, "schema")


@dataclass(frozen=True, slots=True)
class Commands:
    """The seconds of each command with that many migrations: whole processes, one per round."""

    migrations: int
    rounds: Mapping[str, Sequence[float]]

    def seconds(self, command: str) -> float:
        """The median of the seconds."""
        return statistics.median(self.rounds[command])

    def ratio(self, command: str) -> float:
        """How many times as long as `apply` it takes: the median of the ratios of each round."""
        pairs = zip(self.rounds[command], self.rounds[APPLY], strict=True)
        return statistics.median(ours / applied for ours, applied in pairs)


def measure_commands(server: Server, folder: Path, count: int, rounds: int) -> Commands:
    """Runs every command in turn with that many migrations, each round in a new database."""
    paired_folders(folder, list(migrations(count)))
    found: dict[str, list[float]] = {command: [] for command in _COMMANDS}
    for _ in range(rounds):
        with server.empty_database() as database:
            url = {"DATABASE_URL": server.url(database)}
            for command, seconds in found.items():
                seconds.append(sqlmig(shlex.split(command), folder, url).seconds)
    return Commands(count, found)
