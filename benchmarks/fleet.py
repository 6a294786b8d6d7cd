"""The processor time of `sqlmig fleet` on this machine, for the client alone.

    python -m benchmarks.fleet [TENANTS ...]

Measures a fleet with nothing to do, at each number of tenants; and 20 migrations for 200 tenants,
as a fleet and as one process per tenant (of which every tenth is run, and the sum multiplied by
ten).
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from benchmarks.layouts import paired_folders
from benchmarks.migrations import migrations
from benchmarks.process import run
from benchmarks.server import Flushing, Server, temporary_server

SIZES = (100, 1000)
_MOST_SECONDS = 1800
MIGRATIONS, TENANTS, PARALLEL, SAMPLED = 20, 200, 4, 10


@dataclass(frozen=True, slots=True)
class Cost:
    """The seconds that a command took: processor time of its processes, and elapsed time."""

    processor: float
    clock: float


def cost(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Cost:
    """What a command costs, from its start to its end."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run([sys.executable, "-m", "sqlmig", "-q", *command], folder, environment, _MOST_SECONDS)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(used, time.perf_counter() - started)


@contextmanager
def tenants(server: Server, count: int) -> Iterator[str]:
    """The URL of a database with that many schemas: t1, t2, …"""
    with server.empty_database() as name:
        with psycopg.connect(server.url(name), autocommit=True) as connection:
            for number in range(1, count + 1):
                connection.execute(f"CREATE SCHEMA t{number}".encode())
        yield server.url(name)


def nothing_to_do(server: Server, folder: Path, count: int) -> None:
    """Prints the cost of a status and an apply when everything is applied."""
    with tenants(server, count) as url:
        fleet = ["--database-url", url, "fleet"]
        cost([*fleet, "apply", "--schemas=t%"], folder, {})
        for command in ("status", "apply"):
            found = cost([*fleet, command, "--schemas=t%"], folder, {})
            print(
                f"nothing to do, {count:>5} tenants, {command:<6}  "
                f"{found.processor / count * 1000:6.1f} ms of processor a tenant, "
                f"{found.clock:6.1f} s",
                flush=True,
            )


def all_to_do(server: Server, folder: Path, count: int) -> None:
    """Prints the cost of a fleet, and of single processes."""
    with tenants(server, count) as url:
        command = ["--database-url", url, "fleet", "apply", "--schemas=t%"]
        together = cost([*command, f"--parallel={PARALLEL}"], folder, {})
    print(f"{MIGRATIONS} migrations, {count} tenants, a fleet: {together}", flush=True)
    with tenants(server, count) as url:
        alone = [
            cost(
                ["--database-url", f"{url}&options={quote(f'-csearch_path=t{number}')}", "apply"],
                folder,
                {"SQLMIG_HISTORY_SCHEMA": f"t{number}"},
            )
            for number in range(1, count + 1, SAMPLED)
        ]
    processor = sum(each.processor for each in alone) / len(alone) * count
    clock = sum(each.clock for each in alone) / len(alone) * count
    print(f"{MIGRATIONS} migrations, {count} tenants, single processes: {Cost(processor, clock)}")
    print(f"the fleet takes {together.processor / processor:.2f} of their processor time")


def main(sizes: Sequence[int]) -> None:
    """Runs all measurements."""
    with tempfile.TemporaryDirectory() as name, temporary_server(Flushing.OFF) as server:
        folder = Path(name)
        paired_folders(folder, list(migrations(MIGRATIONS)))
        for size in sizes:
            nothing_to_do(server, folder, size)
        all_to_do(server, folder, TENANTS)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
