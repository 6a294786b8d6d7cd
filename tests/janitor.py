"""Ends everything that a test run has started, however the run ends, even by `kill -9`.

The janitor is a separate process at the other end of a pipe: it waits until the run is gone, kills
every process that inherited the run's mark, and stops the servers in the run's folder, which do not
inherit the mark because they get a new environment.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlmig.embedded import EmbeddedMongo, EmbeddedPostgres
from sqlmig.embedded.home import folder_in_memory

MARK = "SQLMIG_TEST_RUN"
"""The variable that names the folder of the run; every process of the run inherits it."""


@contextmanager
def watched_run() -> Iterator[None]:
    """Inside the block, MARK names a new folder; at the end, nothing of the run is left."""
    folder = tempfile.mkdtemp(prefix="sqlmig-", dir=folder_in_memory())
    janitor = subprocess.Popen(
        [sys.executable, "-m", "tests.janitor", folder],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the tests
    )
    os.environ[MARK] = folder
    try:
        yield
    finally:
        del os.environ[MARK]
        janitor.communicate()


def postgres_folder(name: str = "shared") -> Path:
    """The folder of a PostgreSQL server of the run, by default the shared one."""
    return Path(os.environ[MARK], "postgres", name)


def mongo_folder() -> Path:
    """The folder of this process's MongoDB server."""
    return Path(os.environ[MARK], "mongo", str(os.getpid()))


def main(run: Path) -> None:
    """Waits for the end of the run, ends its processes and servers, and removes its folder."""
    sys.stdin.buffer.read()
    for pid in _marked(f"{MARK}={run}".encode()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for folder in run.glob("postgres/*"):
        EmbeddedPostgres(folder).reset()
    for folder in run.glob("mongo/*"):
        EmbeddedMongo(folder).reset()
    shutil.rmtree(run, ignore_errors=True)


def _marked(mark: bytes) -> Iterator[int]:
    """The processes with that variable; none if there is no /proc."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
