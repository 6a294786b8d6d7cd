"""Times `impact --all` against `apply` of the same migrations.

    python -m benchmarks.impact [SIZE ...]

Measures whole processes on an embedded server, each size in its own database.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.layouts import paired_folders
from benchmarks.migrations import migrations
from benchmarks.process import run
from benchmarks.server import Flushing, temporary_server

SIZES = (100, 1000)


def times(size: int, url: str) -> tuple[float, float]:
    """The seconds of apply, and of impact on all migrations."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paired_folders(folder, list(migrations(size)))
        sqlmig = [sys.executable, "-m", "sqlmig", "--database-url", url]
        applied = run([*sqlmig, "apply", "-q"], folder, {}).seconds
        return applied, run([*sqlmig, "impact", "--all", "-q"], folder, {}).seconds


def main(sizes: Sequence[int]) -> None:
    """Prints a row for each size."""
    columns = ("migrations", "apply", "impact --all", "impact/apply")
    print("  ".join(f"{column:>14}" for column in columns))
    with temporary_server(Flushing.OFF) as server:
        for size in sizes:
            with server.empty_database() as database:
                applied, judged = times(size, server.url(database))
            ratio = judged / applied
            print(f"{size:>14}  {applied:>12.2f} s  {judged:>12.2f} s  {ratio:>14.1f}", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
