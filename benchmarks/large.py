"""Single large files: many rows in one statement, many bytes, many statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from benchmarks.migrations import Migration

_TABLE = "CREATE TABLE entry (id integer PRIMARY KEY, account text NOT NULL, amount numeric);\n"
_INSERT = "INSERT INTO entry (id, account, amount) VALUES\n"
_DROP = "DROP TABLE entry;\n"

_MANY_ROWS = 100_000
_MANY_STATEMENTS = 20_000
_MANY_BYTES = 50_000_000
_HUGE_BYTES = 300_000_000
_ROWS_OF_AN_INSERT = 1_000  # a common value for pg_dump --rows-per-insert

# The names of the files; the first is the others without their rows.
START_UP, ROWS, BYTES, STATEMENTS, HUGE = (
    "the table alone",
    "100,000 rows in one INSERT",
    "50 MB",
    "20,000 statements",
    "300 MB",
)


@dataclass(frozen=True, slots=True)
class LargeFile:
    """How the migration is made, and whether all tools run it in every round. If it would take the
    peers minutes, only sqlmig and psql run it, once."""

    make: Callable[[], Migration]
    for_all: bool = True


def table_alone() -> Migration:
    """The table without rows: its time is the start-up time of the others."""
    return _migration("table_alone", "")


def rows_in_one_insert(count: int = _MANY_ROWS) -> Migration:
    """One INSERT of that many rows."""
    return _migration("rows_in_one_insert", _insert(0, count))


def many_statements(count: int = _MANY_STATEMENTS) -> Migration:
    """That many INSERTs of one row."""
    inserts = (_insert(number, number + 1) for number in range(count))
    return _migration("many_statements", "".join(inserts))


def many_bytes(count: int = _MANY_BYTES) -> Migration:
    """INSERTs of 1,000 rows each, with at least that many bytes in total."""
    return _migration("many_bytes", "".join(_inserts_up_to(count)))


FILES: Mapping[str, LargeFile] = {
    START_UP: LargeFile(table_alone),
    ROWS: LargeFile(rows_in_one_insert),
    BYTES: LargeFile(many_bytes),
    STATEMENTS: LargeFile(many_statements),
    HUGE: LargeFile(partial(many_bytes, _HUGE_BYTES), for_all=False),
}


def _inserts_up_to(size: int) -> Iterator[str]:
    start = 0
    while size > 0:
        text = _insert(start, start + _ROWS_OF_AN_INSERT)
        yield text
        size -= len(text)
        start += _ROWS_OF_AN_INSERT


def _insert(start: int, stop: int) -> str:
    rows = (f"({n}, 'account of the student; {n % 977:05}', {n}.25)" for n in range(start, stop))
    return _INSERT + ",\n".join(rows) + ";\n"


def _migration(slug: str, inserts: str) -> Migration:
    return Migration(1, slug, _TABLE + inserts, _DROP)
