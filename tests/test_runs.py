"""What a run of these tests starts, and what it leaves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlmig.embedded import EmbeddedPostgres
from tests.janitor import MARK

REPOSITORY = Path(__file__).parent.parent


def pytest_run(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """A run of its own, with the variables added, and with the plugins that our settings name."""
    inherited = {name: value for name, value in os.environ.items() if name != MARK}
    plugins = ("-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin")
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", *plugins, *arguments],
        cwd=REPOSITORY,
        env=inherited | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def folder_of(run: subprocess.Popen[str]) -> Path:
    """The folder of that run, once its janitor is there."""
    janitor = re.compile(rb"\0tests\.janitor\0([^\0]+)\0")
    found: list[Path] = []

    def look() -> bool:
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text()
        for pid in children.split():
            match = janitor.search(Path(f"/proc/{pid}/cmdline").read_bytes())
            found.extend([Path(match[1].decode())] if match else [])
        return bool(found)

    wait_until(look)
    return found[0]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def test_tests_that_need_no_server_start_none() -> None:
    run = pytest_run("tests/plan/test_references.py", SQLMIG_PG_BINDIR="/no/such/folder")
    output, _ = run.communicate()
    assert run.returncode == 0, output


def test_a_killed_run_leaves_no_server() -> None:
    run = pytest_run("tests/engine/test_history.py")
    folder = folder_of(run)
    server = EmbeddedPostgres(folder / "postgres" / "shared")
    wait_until(lambda: server.status().running)
    pid = server.status().pid
    run.kill()
    run.communicate()
    wait_until(lambda: not Path(f"/proc/{pid}").exists() and not folder.exists())
