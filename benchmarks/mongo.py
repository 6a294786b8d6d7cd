"""The cost of MongoDB fixtures: of reading and checking them, and of seeding."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from benchmarks.documents import FORMS, write_fixtures
from benchmarks.process import LONG, run, sqlmig
from sqlmig.embedded import EmbeddedMongo


@dataclass(frozen=True, slots=True)
class Reading:
    """One process that reads and checks a file: its processor time and peak memory."""

    file_bytes: int
    processor_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Mongo:
    """The readings of `read` documents, by the form of the file; and the seconds of each round to
    write `written` documents: with a bare bulk_write, and with sqlmig as a whole process."""

    read: int
    readings: Mapping[str, Reading]
    written: int
    rounds: Sequence[tuple[float, float]]

    @property
    def bare_seconds(self) -> float:
        """The median of the bare bulk_write."""
        return statistics.median(bare for bare, _ in self.rounds)

    @property
    def seed_seconds(self) -> float:
        """The median of sqlmig."""
        return statistics.median(seeded for _, seeded in self.rounds)

    @property
    def ratio(self) -> float:
        """How many times as long sqlmig takes: the median of the ratios of each round."""
        return statistics.median(seeded / bare for bare, seeded in self.rounds)


def measure_mongo(read: int, written: int, rounds: int) -> Mongo:
    """Reads that many documents once in each form, and writes the others in each round."""
    with tempfile.TemporaryDirectory() as folder:
        readings = {form: _read(Path(folder), read, form) for form in FORMS}
        write_fixtures(Path(folder), written)
        with _server() as url:
            seeded = [_seeded(Path(folder), written, url) for _ in range(rounds)]
    return Mongo(read, readings, written, seeded)


def _read(project: Path, count: int, form: str) -> Reading:
    file = write_fixtures(project, count, form)
    done = sqlmig(["validate"], project)
    return Reading(file.stat().st_size, done.processor_seconds, done.peak_bytes)


def _seeded(project: Path, count: int, url: str) -> tuple[float, float]:
    """The seconds of both, each in an empty database."""
    _empty(url)
    bulk_write = [sys.executable, "-m", "benchmarks.bulk_write", str(count), url]
    bare = float(run(bulk_write, project, {}, LONG).output)
    _empty(url)
    seed = ["--mongo-url", url, "--env", "development", "seed", "--only", "mongo"]
    return bare, sqlmig(seed, project).seconds


def _empty(url: str) -> None:
    with MongoClient[dict[str, Any]](url) as client:
        client.drop_database(client.get_default_database().name)


@contextmanager
def _server() -> Iterator[str]:
    """The URL of an embedded server, which is removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedMongo(Path(folder))
        try:
            yield server.start().url or ""
        finally:
            server.reset()
