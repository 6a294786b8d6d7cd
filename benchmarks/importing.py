"""The processor time of importing 1,000 migrations in the layout of each tool.

`make bench` prints it; `python -m benchmarks.importing 5000` imports that many.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
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


LAYOUTS: dict[str, Callable[[int], Files]] = {
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


def main(count: int) -> None:
    """Prints the seconds of an import, and of repeating it, for each layout."""
    print(f"{count} migrations of    import   again")
    for tool, files in LAYOUTS.items():
        with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
            _write(Path(folder), files, count, tool)
            first, again = (_seconds(Path(folder)) for _ in range(2))
        print(f"{tool:<18}{first:>8.2f}{again:>8.2f}  s")


def _write(folder: Path, files: Callable[[int], Files], count: int, tool: str) -> None:
    for n in range(1, count + 1):
        for name, text in files(n):
            path = folder / "original" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if tool == "sqitch":
        changes = (f"orders_{n} 2024-01-01T00:00:00Z Ann <ann@example.org>" for n in _upto(count))
        plan = "\n".join(("%project=orders", "", *changes, ""))
        (folder / "original" / "sqitch.plan").write_text(plan)
    (folder / "project").mkdir()


def _upto(count: int) -> range:
    return range(1, count + 1)


def _seconds(folder: Path) -> float:
    config = Config.load(folder / "project", {}, environ={})
    start = process_time()
    result = import_migrations(config, folder / "original")
    seconds = process_time() - start
    assert result.is_whole, result.problems[0]
    return seconds


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
