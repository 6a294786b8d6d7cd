"""The seconds of single calls, each of which has a limit."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import psycopg

from benchmarks.layouts import paired_folders
from benchmarks.migrations import Migration, migrations
from benchmarks.server import Server
from sqlmig import Config, Migrator, SilentObserver
from sqlmig.embedded import EmbeddedMongo, EmbeddedPostgres
from sqlmig.engine.databases.templates import Template, TemplateServer
from sqlmig.model import Direction
from sqlmig.proof.catalog import snapshot

_REPOSITORY = Path(__file__).parent.parent
_TABLES = """
DO $$ BEGIN
  CREATE TABLE payments (id int);
  FOR n IN 1..{many} LOOP EXECUTE format('CREATE TABLE t%s (id int)', n); END LOOP;
END $$
"""
_GUARDED = 60  # migrations, of which the fastest counts

Seconds = Mapping[str, float]


def call_seconds(server: Server, rounds: int, many: int) -> Seconds:
    """The median time of each call over that many rounds, with `many` migrations or tables."""
    calls: dict[str, Callable[[Server], float]] = {
        "PostgreSQL: from nothing to an accepting connection": _first_start,
        "PostgreSQL: a second start finds it": _second_start,
        "MongoDB: from nothing to an answer": _first_mongo_start,
        "a fresh copy of the Smart Kids schema": _copy,
        f"expect_current over {many:,} migrations": partial(_start_up_check, many=many),
        f"the guard, a migration, among {many:,} tables": partial(_guard, many=many),
        f"a snapshot of the schema of {many:,} migrations": partial(_snapshot, many=many),
    }
    return {
        name: statistics.median(call(server) for _ in range(rounds)) for name, call in calls.items()
    }


def _first_start(server: Server) -> float:
    with _embedded(server) as embedded:
        return _seconds(lambda: psycopg.connect(embedded.start().url or "").close())


def _second_start(server: Server) -> float:
    with _embedded(server) as embedded:
        embedded.start()
        return _seconds(embedded.start)


def _first_mongo_start(_: Server) -> float:
    with tempfile.TemporaryDirectory() as folder:
        mongo = EmbeddedMongo(Path(folder))
        try:
            return _seconds(mongo.start)
        finally:
            mongo.reset()


def _copy(server: Server) -> float:
    config = Config.load(_REPOSITORY, environ={})

    def build(url: str) -> None:
        Migrator(replace(config, database=url)).apply()

    template = Template("5mart", "k1d5")
    with server.empty_database() as name, TemplateServer.at(server.url(name)) as templates:
        templates.ensure(template, build, 60)
        began = time.perf_counter()
        with templates.copy(template):
            return time.perf_counter() - began


def _start_up_check(server: Server, many: int) -> float:
    with _project(server, list(migrations(many))) as config:
        Migrator(config).apply()
        return _seconds(Migrator(config).expect_current)


def _guard(server: Server, many: int) -> float:
    """How much longer a migration takes if there is a protected table."""
    found = []
    for protected in ([], ["payments"]):
        small = [Migration(n, "change", "SELECT 1;", "SELECT 1;") for n in range(1, _GUARDED)]
        with _project(server, small) as config:
            with psycopg.connect(config.database or "") as connection:
                connection.execute(_TABLES.format(many=many).encode())
            clock = _Clock()
            Migrator(replace(config, protected_tables=tuple(protected)), clock).apply()
            found.append(min(after - before for before, after in pairwise(clock.starts)))
    without, guarded = found
    return guarded - without


def _snapshot(server: Server, many: int) -> float:
    with _project(server, list(migrations(many))) as config:
        Migrator(config).apply()
        with psycopg.connect(config.database or "", autocommit=True) as connection:
            return _seconds(lambda: snapshot(connection))


@dataclass(frozen=True)
class _Clock(SilentObserver):
    """When each migration began, in seconds."""

    starts: list[float] = field(default_factory=list)

    def started(self, migration_id: str, direction: Direction) -> None:  # noqa: ARG002  # the interface
        """A migration begins."""
        self.starts.append(time.perf_counter())


@contextmanager
def _embedded(server: Server) -> Iterator[EmbeddedPostgres]:
    """An embedded server that does not exist yet, with the programs of the given one."""
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedPostgres(Path(folder), programs=server.programs)
        try:
            yield embedded
        finally:
            embedded.reset()


@contextmanager
def _project(server: Server, files: list[Migration]) -> Iterator[Config]:
    """The settings of a project with those migrations and an empty database, in production."""
    with tempfile.TemporaryDirectory() as folder, server.empty_database() as name:
        paired_folders(Path(folder), files)
        given = {"database": server.url(name), "environment": "production"}
        yield Config.load(Path(folder), given, environ={})


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
