"""Times `verify` and `drift` against `apply` of the same migrations, and a snapshot of them all.

Run it with `python -m benchmarks.proof`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks.__main__ import seconds, write_project
from sqlmig.embedded.postgres import temporary_postgres
from sqlmig.proof.catalog import snapshot

SIZES = (100, 1000, 2000)


def times(size: int, url: str) -> list[float]:
    """Seconds of apply, verify and drift, whole processes, and of one snapshot."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder, size)
        sqlmig = [sys.executable, "-m", "sqlmig", "--database-url", url]
        found = [seconds([*sqlmig, command, "-q"], folder) for command in COMMANDS]
    with psycopg.connect(url, autocommit=True) as connection:
        started = time.perf_counter()
        snapshot(connection)
        return [*found, time.perf_counter() - started]


COMMANDS = ("apply", "verify", "drift")


def main() -> None:
    """Prints a row for each size."""
    columns = (*COMMANDS, "verify/apply", "snapshot")
    print("  ".join([f"{'migrations':>10}", *(f"{column:>12}" for column in columns)]))
    with temporary_postgres() as server:
        for size in SIZES:
            database = f"bench_proof_{size}"
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {database}".encode())
            applied, verified, drifted, looked = times(size, server.url(database))
            print(
                f"{size:>10}  {applied:>10.2f} s  {verified:>10.2f} s  {drifted:>10.2f} s  "
                f"{verified / applied:>12.1f}  {looked:>10.2f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
