"""Times sqlmig and psql on the same migrations in turn, each from an empty database.

psql is one process that runs one transaction a file, with nothing recorded: no migrator that
commits each migration by itself can be faster.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlmig.embedded.postgres import temporary_postgres
from sqlmig.embedded.programs import chosen_folder, find_programs

PAIRS = 3
SIZES = (10, 100, 1000)

MIGRATION = """\
CREATE TABLE item_{n} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  amount integer NOT NULL CHECK (amount > 0)
);
CREATE INDEX item_{n}_name ON item_{n} (name);
"""


def write_project(folder: Path, size: int) -> None:
    """So many migrations, each with its rollback, and one script of psql's for all of them."""
    script = []
    for number in range(1, size + 1):
        name = f"{number:05}_item.sql"
        for kind, sql in (
            ("migrations", MIGRATION.format(n=number)),
            ("rollbacks", f"DROP TABLE item_{number};\n"),
        ):
            path = folder / "sql" / kind / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(sql)
        script.append(f"BEGIN;\n\\i sql/migrations/{name}\nCOMMIT;\n")
    (folder / "all.psql").write_text("".join(script))


def seconds(command: list[str], folder: Path) -> float:
    """The time of the whole process."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def pairs(size: int, url_of: Callable[[str], str]) -> list[tuple[float, float]]:
    """Times of sqlmig and psql, one pair a fresh database each."""
    programs = find_programs(chosen=chosen_folder()).folder
    psql = [str(programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    times = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder, size)
        for pair in range(PAIRS):
            urls = []
            for tool in ("sqlmig", "psql"):
                database = f"bench_{tool}_{size}_{pair}"
                command = f"CREATE DATABASE {database}"
                subprocess.run([*psql, "-c", command, url_of("postgres")], check=True)
                urls.append(url_of(database))
            ours = [sys.executable, "-m", "sqlmig", "--database-url", urls[0], "apply", "-q"]
            times.append(
                (seconds(ours, folder), seconds([*psql, "-f", "all.psql", urls[1]], folder))
            )
    return times


def main() -> None:
    """Prints a row for each size: medians of the pairs, whole processes."""
    print(f"{'migrations':>10}  {'sqlmig':>8}  {'psql':>8}  {'difference':>10}")
    with temporary_postgres() as server:
        for size in SIZES:
            times = pairs(size, server.url)
            ours, theirs = (statistics.median(column) for column in zip(*times, strict=True))
            gap = statistics.median(a - b for a, b in times)
            print(f"{size:>10}  {ours:>6.2f} s  {theirs:>6.2f} s  {gap:>+8.2f} s")


if __name__ == "__main__":
    main()
