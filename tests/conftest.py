"""One PostgreSQL server for the whole run, started by the first test that needs it, and a database
for each test.

The tests that need MongoDB share one embedded server per worker, or the one in the variable
SQLMIG_TEST_MONGO_URL.
"""

from __future__ import annotations

import os
import signal
import sys
import uuid
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient

from sqlmig.embedded import EmbeddedMongo, EmbeddedPostgres
from tests import contrib, janitor, thorough
from tests.database import Database, Server
from tests.faults.pooler import pgbouncer
from tests.mongo.mongo import url_of
from tests.project import Project
from tests.repository import Repository, keep_apart

# The tests' data need not survive a crash, so nothing is flushed to disk.
_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
# A slow example on a busy machine is not an error. With a given seed, every example is
# deterministic.
settings.register_profile(
    "sqlmig",
    deadline=None,
    derandomize="SQLMIG_TEST_SEED" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("sqlmig")

_CLEANUP = pytest.StashKey[ExitStack]()

# Variables that would bring a developer's own settings into the tests.
_FOREIGN_VARIABLES = (
    *("DATABASE_URL", "PGHOST", "PGSERVICE", "PGPORT", "PGDATABASE", "PGUSER", "CI", "NO_COLOR"),
    *("MONGODB_URI", "MONGO_URL"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--torture` and `--without-contrib`."""
    thorough.add_option(parser)
    contrib.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Begins the run, of which the workers of pytest-xdist are a part.

    A shell makes its background jobs ignore Ctrl-C, and processes inherit that: tests that
    interrupt a process would wait forever.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    cleanup = config.stash[_CLEANUP] = ExitStack()
    if janitor.MARK not in os.environ:
        cleanup.enter_context(janitor.watched_run())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects the tests of `--torture`."""
    thorough.leave_out(config, items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Skips what this server cannot have."""
    report = yield
    contrib.skip_without_extension(item.config, report)
    return report


def pytest_report_header() -> list[str]:
    """Reports what is left out."""
    return [] if pgbouncer() else ["pgbouncer is not installed: the tests through it are left out"]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the run if this process began it."""
    config.stash[_CLEANUP].close()


# This chooses the server of the whole run, and the matching pg_dump.
_OF_THE_RUN = ("SQLMIG_PG_BINDIR",)


@pytest.fixture(scope="session")
def server_of_run() -> Iterator[Server]:
    """The server of the run, started for all workers by the first test that needs it."""
    status = EmbeddedPostgres(janitor.postgres_folder(), settings=_SETTINGS).start()
    with Server.at(status) as server:
        yield server


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*_FOREIGN_VARIABLES, *os.environ]:
        is_ours = name.startswith("SQLMIG_") and "TEST" not in name and name not in _OF_THE_RUN
        if name in _FOREIGN_VARIABLES or is_ours:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def template(server_of_run: Server) -> str:
    """The database that each test gets a copy of: an empty one unless a fixture overrides it."""
    return server_of_run.empty()


@pytest.fixture
def database(server_of_run: Server, template: str) -> Iterator[Database]:
    """A database for one test, dropped at the end."""
    with server_of_run.database(template) as database:
        yield database


@pytest.fixture
def ordinary(database: Database) -> Iterator[str]:
    """A URL of the database as a role that owns it but has no special privileges."""
    role = f"plain_{uuid.uuid4().hex[:8]}"
    name = database.value("SELECT current_database()")
    database.execute(f'CREATE ROLE {role} LOGIN; ALTER DATABASE "{name}" OWNER TO {role}')
    yield database.url.replace("://postgres@", f"://{role}@")
    database.execute(f"DROP OWNED BY {role} CASCADE")
    database.execute(f'ALTER DATABASE "{name}" OWNER TO postgres; DROP ROLE {role}')


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project folder without migrations."""
    return Project(tmp_path)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A project in a new git repository, isolated from this machine's git settings."""
    keep_apart(tmp_path, monkeypatch)
    root = tmp_path / "project"
    root.mkdir()
    repository = Repository(root)
    repository.git("init", "--quiet", "--initial-branch", "main")
    return repository


@pytest.fixture
def smart_kids() -> Path:
    """This repository, whose own sql/ is the Smart Kids Academy schema."""
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def mongo_server() -> Iterator[str]:
    """The URL of a server."""
    if given := os.environ.get("SQLMIG_TEST_MONGO_URL"):
        yield given
        return
    server = EmbeddedMongo(janitor.mongo_folder())
    try:
        yield server.start().url or ""
    finally:
        server.reset()


@pytest.fixture
def mongo_url(mongo_server: str) -> Iterator[str]:
    """The URL of an empty database, dropped at the end."""
    name = f"sqlmig_test_{uuid.uuid4().hex[:12]}"
    yield url_of(mongo_server, name)
    with MongoClient[dict[str, Any]](mongo_server) as client:
        client.drop_database(name)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with `sqlmig` and `python`, both from this process's environment."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, command in (("python", sys.executable), ("sqlmig", f"{sys.executable} -m sqlmig")):
        (folder / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (folder / name).chmod(0o755)
    return folder
