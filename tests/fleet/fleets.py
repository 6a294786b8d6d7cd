"""Fleets for tests: tenants in one database, and separate databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from psycopg import sql

from sqlmig.config import Config
from sqlmig.fleet.fleet import Fleet
from sqlmig.fleet.results import FleetObserver, FleetReport, TargetResult, TargetState
from tests.database import Database
from tests.project import Project

PATTERN = "tenant%"


def tenants(database: Database, count: int) -> list[str]:
    """Creates schemas named tenant1, tenant2, …"""
    names = [f"tenant{number}" for number in range(1, count + 1)]
    for name in names:
        database.execute(f'create schema "{name}"')
    return names


def of(config: Config, *only: str, observer: FleetObserver | None = None, **fleet: Any) -> Fleet:
    """The fleet with these settings; all tenants if none of them names the targets."""
    if not fleet.keys() & {"targets", "query", "schemas"}:
        fleet["schemas"] = PATTERN
    return Fleet(replace(config, fleet=config.fleet.updated(**fleet)), only, observer)


def fleet(project: Project, database: Database, *only: str, **settings: Any) -> Fleet:
    """The fleet of a project on a database."""
    return of(project.config(database=database.url), *only, **settings)


def states(report: FleetReport) -> dict[str, str]:
    """The state of each target."""
    return {result.target.name: result.state.value for result in report.results}


def messages(report: FleetReport) -> dict[str, str]:
    """The message for each target that failed."""
    found = report.of(TargetState.FAILED)
    return {result.target.name: str(result.error) for result in found}


def applied(database: Database, schema: str) -> list[str]:
    """The migrations in that schema's history, in order."""
    table = sql.Identifier(schema, "_yoyo_migration")
    query = sql.SQL("SELECT migration_id FROM {} ORDER BY applied_at_utc, 1").format(table)
    return [name for (name,) in database.connection.execute(query)]


@contextmanager
def databases(database: Database, count: int) -> Iterator[list[str]]:
    """URLs of additional empty databases, dropped at the end."""
    own = database.connection.info.dbname
    names = [f"{own}_fleet{number}" for number in range(1, count + 1)]
    with ExitStack() as stack:
        for name in names:
            database.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            database.execute(f"CREATE DATABASE {name} TEMPLATE template0")
            stack.callback(database.execute, f"DROP DATABASE {name} WITH (FORCE)")
        yield [database.url.replace(f"/{own}?", f"/{name}?") for name in names]


def targets_file(project: Project, urls: Sequence[str]) -> str:
    """Writes a file that names them db1, db2, …; returns its path."""
    lines = [f"db{number}  {url}" for number, url in enumerate(urls, start=1)]
    project.write("targets.txt", "# all databases\n\n" + "\n".join(lines) + "\n")
    return "targets.txt"


class Told(FleetObserver):
    """Records its calls, and the threads that they came from."""

    def __init__(self) -> None:
        self.total = 0
        self.results: list[TargetResult] = []
        self.stopped: list[Sequence[str]] = []
        self.threads: set[int] = set()

    def begun(self, total: int) -> None:
        self.total = total

    def finished(self, result: TargetResult) -> None:
        self.results.append(result)
        self.threads.add(threading.get_ident())

    def stopping(self, at_work: Sequence[str]) -> None:
        self.stopped.append(at_work)
