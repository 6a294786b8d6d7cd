"""The processor time of importing many migrations in the layout of each tool."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from sqlmig.config import Config
from sqlmig.project.importing import import_migrations

_UP = """\
-- Orders of the day {n}
CREATE TABLE orders_{n} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer text NOT NULL CHECK (customer <> ''),
  ordered_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_{n}_customer ON orders_{n} (customer);
COMMENT ON TABLE orders_{n} IS 'What was ordered; by whom';
"""
_DOWN = "DROP TABLE orders_{n};\n"

# In memory if possible: the disk's time is not measured.
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None

Files = Iterator[tuple[str, str]]


def _halves(up: str, down: str) -> Callable[[int], Files]:
    def files(n: int) -> Files:
        yield f"{n:06}_orders.sql", f"{up}\n{_UP}\n{down}\n{_DOWN}".format(n=n)

    return files


def _pairs(up: str, down: str, head: str = "") -> Callable[[int], Files]:
    def files(n: int) -> Files:
        yield up.format(n=n), head + _UP.format(n=n)
        yield down.format(n=n), head + _DOWN.format(n=n)

    return files


def _prisma(n: int) -> Files:
    yield f"{n:014}_orders/migration.sql", _UP.format(n=n)


def _sqitch(n: int) -> Files:
    for folder, text in (("deploy", _UP), ("revert", _DOWN)):
        yield f"{folder}/orders_{n}.sql", f"BEGIN;\n{text}COMMIT;\n".format(n=n)
    yield f"verify/orders_{n}.sql", f"SELECT id FROM orders_{n} WHERE false;\n"


_LAYOUTS: Mapping[str, Callable[[int], Files]] = {
    "golang-migrate": _pairs("{n:06}_orders.up.sql", "{n:06}_orders.down.sql"),
    "goose": _halves("-- +goose Up", "-- +goose Down"),
    "dbmate": _halves("-- migrate:up", "-- migrate:down"),
    "sql-migrate": _halves("-- +migrate Up", "-- +migrate Down"),
    "sqlx": _pairs("{n}_orders.up.sql", "{n}_orders.down.sql", "-- Add migration script here\n"),
    "diesel": _pairs("2024-01-01-{n:06}_orders/up.sql", "2024-01-01-{n:06}_orders/down.sql"),
    "flyway": _pairs("V{n}__orders.sql", "U{n}__orders.sql"),
    "sqitch": _sqitch,
    "node-pg-migrate": _halves("-- Up Migration", "-- Down Migration"),
    "prisma": _prisma,
}


@dataclass(frozen=True, slots=True)
class Imports:
    """Seconds of processor time to import that many migrations, by layout: the first time, and when
    repeated, which writes nothing."""

    migrations: int
    first: Mapping[str, float]
    again: Mapping[str, float]


def measure_imports(count: int, rounds: int) -> Imports:
    """The medians over that many rounds."""
    first: dict[str, float] = {}
    again: dict[str, float] = {}
    for tool, files in _LAYOUTS.items():
        with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
            original = Path(folder, "original")
            _write(original, files, count, tool)
            projects = [Path(folder, str(number)) for number in range(rounds)]
            first[tool] = statistics.median(_seconds(original, project) for project in projects)
            again[tool] = statistics.median(_seconds(original, project) for project in projects)
    return Imports(count, first, again)


def _write(folder: Path, files: Callable[[int], Files], count: int, tool: str) -> None:
    numbers = range(1, count + 1)
    for n in numbers:
        for name, text in files(n):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if tool == "sqitch":
        changes = (f"orders_{n} 2024-01-01T00:00:00Z Ann <ann@example.org>" for n in numbers)
        (folder / "sqitch.plan").write_text("\n".join(("%project=orders", "", *changes, "")))


def _seconds(original: Path, project: Path) -> float:
    project.mkdir(exist_ok=True)
    config = Config.load(project, {}, environ={})
    start = process_time()
    result = import_migrations(config, original)
    seconds = process_time() - start
    assert result.is_whole, result.problems[0]
    return seconds
