"""Times `verify` and `drift` against `apply` of the same migrations, and a snapshot of them all.

    python -m benchmarks.proof [SIZE ...]

Measures whole processes on an embedded server, each size in its own database.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from benchmarks.layouts import paired_folders
from benchmarks.migrations import migrations
from benchmarks.process import run
from benchmarks.server import Flushing, temporary_server
from sqlmig.proof.catalog import snapshot

SIZES = (100, 1000, 2000)
COMMANDS = ("apply", "verify", "drift")


def times(size: int, url: str) -> list[float]:
    """The seconds of apply, verify and drift as whole processes, and of one snapshot."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paired_folders(folder, list(migrations(size)))
        sqlmig = [sys.executable, "-m", "sqlmig", "--database-url", url]
        found = [run([*sqlmig, command, "-q"], folder, {}).seconds for command in COMMANDS]
    with psycopg.connect(url, autocommit=True) as connection:
        started = time.perf_counter()
        snapshot(connection)
        return [*found, time.perf_counter() - started]


def main(sizes: Sequence[int]) -> None:
    """Prints a row for each size."""
    columns = (*COMMANDS, "verify/apply", "snapshot")
    print("  ".join([f"{'migrations':>10}", *(f"{column:>12}" for column in columns)]))
    with temporary_server(Flushing.OFF) as server:
        for size in sizes:
            with server.empty_database() as database:
                applied, verified, drifted, looked = times(size, server.url(database))
            print(
                f"{size:>10}  {applied:>10.2f} s  {verified:>10.2f} s  {drifted:>10.2f} s  "
                f"{verified / applied:>12.1f}  {looked:>10.2f} s",
                flush=True,
            )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
