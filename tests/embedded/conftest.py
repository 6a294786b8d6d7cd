"""Servers for the tests in this folder, stopped and removed at the end."""

import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sqlmig.embedded import EmbeddedPostgres, ProgramsNotFoundError
from sqlmig.embedded.home import folder_in_memory
from sqlmig.embedded.programs import copy_wheel, find_programs, wheel_folder
from tests.embedded.child import Child

IS_ROOT = os.geteuid() == 0
WHEEL = wheel_folder() or Path()
ORDINARY_USER = pwd.getpwnam("nobody").pw_uid if IS_ROOT else os.geteuid()

needs_root = pytest.mark.skipif(
    not IS_ROOT, reason="what root does for another account needs root, and `useradd`"
)


def query(url: str, statement: str) -> object:
    """The first value that a statement returns; None if it returns nothing."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def write_programs(folder: Path, version: str, *, initdb: str = "") -> Path:
    """A folder of programs that only report their version, apart from the given `initdb`."""
    folder.mkdir(parents=True)
    for name in ("createdb", "initdb", "postgres"):
        tell = f'[ "$1" = --version ] && exec echo "{name} (PostgreSQL) {version}"'
        (folder / name).write_text(f"#!/bin/sh\n{tell}\n{initdb}\n")
        (folder / name).chmod(0o755)
    return folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "programs" in metafunc.fixturenames:
        found = _installations()
        metafunc.parametrize("programs", list(found.values()), ids=list(found))


def _installations() -> dict[str, Path]:
    """The installations on this machine: the wheel's programs, and the system's if there are
    any."""
    assert WHEEL.name, "the tests need the extra `embedded`"
    try:
        system = find_programs().folder
    except ProgramsNotFoundError:
        system = WHEEL
    return {"wheel": WHEEL} if system == WHEEL else {"wheel": WHEEL, "system": system}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a server that does not exist yet."""
    return tmp_path / "project" / ".sqlmig"


@pytest.fixture
def server(root: Path) -> Iterator[EmbeddedPostgres]:
    """A server that does not exist yet."""
    server = EmbeddedPostgres(root)
    try:
        yield server
    finally:
        server.reset()


@pytest.fixture(scope="module")
def used_root() -> Iterator[Path]:
    """The folder of `used_server`."""
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as folder:
        yield Path(folder, "project", ".sqlmig")


@pytest.fixture(scope="module")
def used_server(used_root: Path) -> Iterator[EmbeddedPostgres]:
    """One server for all tests in a file, in the state that the previous test left it in."""
    server = EmbeddedPostgres(used_root)
    try:
        yield server
    finally:
        server.reset()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def open_programs() -> Iterator[Path]:
    """A copy of the wheel's programs that every account can run, even if our own Python is
    private."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield copy_wheel(WHEEL, Path(folder, "programs"))


@pytest.fixture
def user(open_folder: Path, open_programs: Path) -> Iterator[Child]:
    """Calls under an ordinary account, in its own project folder."""
    os.chown(open_folder, ORDINARY_USER, -1)
    root = open_folder / ".sqlmig"
    child = Child(root, ORDINARY_USER, {"SQLMIG_PG_BINDIR": str(open_programs)})
    try:
        yield child
    finally:
        child.call("reset")
