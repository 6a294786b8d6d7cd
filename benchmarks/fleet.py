"""The processor time of `sqlmig fleet`, for the client alone, and of single processes instead."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from benchmarks.layouts import paired_folders
from benchmarks.migrations import migrations
from benchmarks.process import sqlmig
from benchmarks.server import Server

MIGRATIONS = 20
_SCHEMAS = "--schemas=t%"


@dataclass(frozen=True, slots=True)
class Fleet:
    """Seconds of processor time: `nothing` has them for each command, per tenant, with `current`
    tenants and nothing to do; `together` and `alone` are for applying all migrations to `behind`
    new tenants, as a fleet and as one process per tenant."""

    current: int
    nothing: Mapping[str, float]
    behind: int
    together: float
    alone: float

    @property
    def ratio(self) -> float:
        """The time of the fleet relative to that of the single processes."""
        return self.together / self.alone


def measure_fleet(server: Server, folder: Path, current: int, behind: int, rounds: int) -> Fleet:
    """The median over the rounds if there is nothing to do; the rest runs once."""
    paired_folders(folder, list(migrations(MIGRATIONS)))
    return Fleet(
        current,
        _nothing(server, folder, current, rounds),
        behind,
        _together(server, folder, behind),
        _alone(server, folder, behind),
    )


def _nothing(server: Server, folder: Path, count: int, rounds: int) -> Mapping[str, float]:
    with _tenants(server, count) as url:
        found: dict[str, list[float]] = {"status": [], "apply": []}
        _fleet("apply", folder, url)
        for _ in range(rounds):
            for command, seconds in found.items():
                seconds.append(_fleet(command, folder, url) / count)
    return {command: statistics.median(seconds) for command, seconds in found.items()}


def _together(server: Server, folder: Path, count: int) -> float:
    with _tenants(server, count) as url:
        return _fleet("apply", folder, url)


def _alone(server: Server, folder: Path, count: int) -> float:
    with _tenants(server, count) as url:
        return sum(_one(f"t{number}", folder, url) for number in range(1, count + 1))


def _fleet(command: str, folder: Path, url: str) -> float:
    done = sqlmig(["--database-url", url, "fleet", command, _SCHEMAS], folder)
    return done.processor_seconds


def _one(schema: str, folder: Path, url: str) -> float:
    own = f"{url}&options={quote(f'-csearch_path={schema}')}"
    history = {"SQLMIG_HISTORY_SCHEMA": schema}
    return sqlmig(["--database-url", own, "apply"], folder, history).processor_seconds


@contextmanager
def _tenants(server: Server, count: int) -> Iterator[str]:
    """The URL of a new database with that many schemas: t1, t2, …"""
    with server.empty_database() as name:
        with psycopg.connect(server.url(name), autocommit=True) as connection:
            for number in range(1, count + 1):
                connection.execute(f"CREATE SCHEMA t{number}".encode())
        yield server.url(name)
