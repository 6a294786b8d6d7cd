"""Another account cannot make root change, remove or run anything for it.

Two attack: whoever can run SQL in root's server, and with it programs as the server's account; and
an ordinary user of the machine, who prepares a project or folders that root's sqlmig then meets.
"""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from sqlmig.embedded import (
    AccountError,
    EmbeddedError,
    EmbeddedMongo,
    EmbeddedPostgres,
    FolderError,
    ServerStatus,
)
from sqlmig.embedded.account import Account, account_of
from sqlmig.embedded.home import make_home, remove_home
from sqlmig.embedded.programs import copy_wheel
from tests.embedded.child import REPOSITORY
from tests.embedded.conftest import WHEEL, needs_root, query, write_programs

pytestmark = needs_root

Server = EmbeddedPostgres | EmbeddedMongo
Facts = dict[str, tuple[int, int, int, bytes | None]]


def facts(tree: Path) -> Facts:
    """What an attack could change of a folder and all in it."""
    found: Facts = {}
    for path in (tree, *tree.rglob("*")):
        kind = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(kind.st_mode) else None
        found[str(path)] = (kind.st_uid, kind.st_gid, kind.st_mode, content)
    return found


@pytest.fixture
def victim(open_folder: Path) -> Iterator[Path]:
    """A folder of root's, which is found unchanged at the end."""
    victim = open_folder / "victim"
    (victim / "extension").mkdir(parents=True)
    (victim / "shadow").write_text("root's alone\n")
    (victim / "shadow").chmod(0o600)
    (victim / "extension" / "kept.sql").write_text("SELECT 1;\n")
    before = facts(victim)
    yield victim
    assert facts(victim) == before


@pytest.fixture(scope="session")
def mallory() -> Iterator[Account]:
    """An ordinary user of this machine, for as long as the tests run."""
    name = f"mallory-{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", "--shell=/bin/sh", name], check=True)
    try:
        uid = subprocess.check_output(["id", "-u", name], text=True)
        yield account_of(int(uid))
    finally:
        subprocess.run(["userdel", name], check=True)


@pytest.fixture
def trap(open_folder: Path, mallory: Account) -> Path:
    """A project of mallory's."""
    trap = open_folder / "trap"
    trap.mkdir()
    os.chown(trap, mallory.uid, mallory.gid)
    assert mallory.shell('mkdir "$1/.sqlmig"', trap).returncode == 0
    return trap


def server_account(status: ServerStatus) -> Account:
    assert status.data is not None
    return account_of(status.data.stat().st_uid)


def call_everything(server: Server) -> None:
    """Each call ends, well or with an error for the user."""
    for call in (server.status, server.stop, server.start, server.reset):
        with suppress(EmbeddedError):
            call()


# Whoever can run SQL in root's server


@pytest.mark.parametrize("name", ["share", "programs", "log", "socket", "data.new", "project"])
def test_sql_in_roots_server_cannot_put_a_link_in_the_place_of_its_folders(
    used_server: EmbeddedPostgres, victim: Path, name: str
) -> None:
    status = used_server.start()
    assert status.data is not None
    place = status.data.parent / name
    attack = f"rm -rf {place}; ln -sT {victim} {place}"
    with pytest.raises(psycopg.errors.ExternalRoutineException):
        query(used_server.url(), f"COPY (SELECT 1) TO PROGRAM '{attack}'")
    used_server.stop()
    used_server.start()
    assert not place.is_symlink()
    assert query(used_server.url(), "SELECT 1") == 1


@pytest.mark.parametrize("name", ["postmaster.pid", "postmaster.opts", "PG_VERSION", "base"])
@pytest.mark.parametrize(
    "attack",
    [
        'ln -s "$2/shadow" "$1"',
        'ln -s "$2" "$1"',
        'mkfifo "$1"',
        'head -c 50000000 /dev/zero | tr "\\0" 9 >"$1"',
        'printf "\\377\\000\\376" >"$1"',
        'mkdir -p "$1/in the way"; chmod 0 "$1"',
    ],
    ids=["link", "link to a folder", "pipe", "huge", "not UTF-8", "folder"],
)
def test_whatever_the_data_hold_root_changes_and_reads_nothing_through_it(
    root: Path, victim: Path, name: str, attack: str
) -> None:
    root.mkdir(parents=True)
    home = make_home(root)
    home.make(home.data)
    (home.data / "PG_VERSION").write_text("18\n")
    home.account.shell(f'rm -rf "$1"; {attack}', home.data / name, victim)
    server = EmbeddedPostgres(root, programs=write_programs(victim.parent / "bin", "18.0"))
    for call in (server.status, server.stop, server.start):
        with suppress(EmbeddedError):
            assert "root's alone" not in str(call())
    server.reset()
    assert not home.path.exists()


def test_a_forged_pid_ends_no_process_of_roots(server: EmbeddedPostgres) -> None:
    status = server.start()
    assert status.data is not None
    server.stop()
    command = ["/bin/sh", "-c", "read line", "sh", str(status.data)]
    with subprocess.Popen(command, cwd=status.data, stdin=subprocess.PIPE) as process:
        forge = f'echo {process.pid} >"$1"'
        server_account(status).shell(forge, status.data / "postmaster.pid")
        assert not server.status().running
        assert server.stop() is False
        server.reset()
        assert process.poll() is None
        process.kill()


def test_a_signal_reaches_the_accounts_own_processes_only() -> None:
    with subprocess.Popen(["sleep", "60"]) as roots:
        assert not account_of(1).signal(roots.pid, signal.SIGKILL)
        assert roots.poll() is None
        roots.kill()
    with subprocess.Popen(["sleep", "60"], user=1) as own:
        assert account_of(1).signal(own.pid, signal.SIGKILL)


def test_a_reset_removes_what_the_account_closed_to_itself(server: EmbeddedPostgres) -> None:
    status = server.start()
    assert status.data is not None
    server_account(status).shell('mkdir -p "$1/a/b"; chmod 0 "$1/a"', status.data / "base")
    server.reset()
    assert not status.data.parent.exists()


def test_sql_cannot_replace_the_programs_that_root_copied(root: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    server = EmbeddedPostgres(root, programs=copy_wheel(WHEEL, closed))
    old = os.umask(0o077)
    try:
        status = server.start()
        assert status.programs is not None
        account = server_account(status)
        assert account.shell('rm -f "$1"; : >"$1"', status.programs / "postgres").returncode != 0
        assert account.shell(': >"$1/new"', status.programs).returncode != 0
    finally:
        os.umask(old)
        server.reset()


# An ordinary user of the machine


@pytest.mark.parametrize("kind", [EmbeddedPostgres, EmbeddedMongo])
def test_root_uses_no_folder_that_another_account_prepared(
    trap: Path, victim: Path, mallory: Account, kind: Callable[[Path], Server]
) -> None:
    bait = Path(f"/var/tmp/sqlmig-{mallory.name}")
    prepare = """
        mkdir -p "$1/data" && echo 18 >"$1/data/PG_VERSION" && echo "$2" >"$1/project"
        ln -s "$3" "$1/share"; ln -s "$3" "$1/socket"; ln -s "$3" "$1/programs"
        ln -s "$3" "$1/data.new"; ln -s "$3/shadow" "$1/log"; ln -s "$3/shadow" "$1/server.json"
        ln -s "$1" "$2/postgres"; ln -s "$1" "$2/mongo"
    """
    assert mallory.shell(prepare, bait, trap / ".sqlmig", victim).returncode == 0
    server = kind(trap / ".sqlmig")
    before = facts(bait)
    try:
        for call in (server.status, server.stop, server.start, server.reset):
            with pytest.raises(FolderError, match=f"it belongs to the user id {mallory.uid}"):
                call()
        assert facts(bait) == before
    finally:
        mallory.remove(bait)


PREPARED = {
    "a folder of its own": 'cd "$1/.sqlmig"; mkdir -p postgres/data mongo; ln -s "$2" postgres/log',
    "a pipe": 'mkfifo "$1/.sqlmig/postgres" "$1/.sqlmig/mongo"',
    "a link out": 'cd "$1/.sqlmig"; ln -s "$2" postgres; ln -s "$2" mongo',
    "a way back up": 'ln -s "/var/tmp/sqlmig-x/../../..$2" "$1/.sqlmig/postgres"',
    "a link to itself": 'cd "$1/.sqlmig"; ln -s postgres postgres; ln -s mongo mongo',
    "a link that is not UTF-8": 'ln -s "$(printf "/var/tmp/sqlmig-\\377")" "$1/.sqlmig/postgres"',
    "the lock as a link": 'cd "$1/.sqlmig"; ln -s "$2/shadow" postgres.lock',
    "the lock as a dangling link": 'ln -s "$2/new" "$1/.sqlmig/postgres.lock"',
    "the lock as a pipe": 'mkfifo "$1/.sqlmig/postgres.lock" "$1/.sqlmig/mongo.lock"',
    "the lock as a folder": 'mkdir "$1/.sqlmig/postgres.lock" "$1/.sqlmig/mongo.lock"',
    "the ignore file as a link": 'ln -s "$2/new" "$1/.sqlmig/.gitignore"',
    "the folder as a link": 'rmdir "$1/.sqlmig"; ln -s "$2" "$1/.sqlmig"',
    "the folder as a pipe": 'rmdir "$1/.sqlmig"; mkfifo "$1/.sqlmig"',
}


def test_root_gets_a_server_in_an_honest_project_of_another_account(trap: Path) -> None:
    server = EmbeddedPostgres(trap / ".sqlmig")
    try:
        assert server.start().running
        assert query(server.url(), "SELECT 1") == 1
    finally:
        server.reset()
    assert sorted(path.name for path in (trap / ".sqlmig").iterdir()) == [
        ".gitignore",
        "postgres.lock",
    ]


@pytest.mark.parametrize("prepare", PREPARED.values(), ids=list(PREPARED))
def test_a_prepared_project_leads_root_nowhere(
    trap: Path, victim: Path, mallory: Account, prepare: str
) -> None:
    assert mallory.shell(prepare, trap, victim).returncode == 0
    programs = write_programs(victim.parent / "bin", "18.0", initdb="exit 1")
    call_everything(EmbeddedPostgres(trap / ".sqlmig", programs=programs))
    for call in (EmbeddedMongo(trap / ".sqlmig").status, EmbeddedMongo(trap / ".sqlmig").reset):
        with suppress(EmbeddedError):
            call()


@pytest.mark.parametrize("prepare", [PREPARED["a link that is not UTF-8"], PREPARED["a pipe"]])
def test_the_command_tells_root_what_is_wrong_with_a_prepared_project(
    trap: Path, victim: Path, mallory: Account, prepare: str
) -> None:
    assert mallory.shell(prepare, trap, victim).returncode == 0
    mallory.shell('ln -s /nowhere "$1/.sqlmig/mongo"', trap)
    done = subprocess.run(
        [sys.executable, "-m", "sqlmig", "embedded", "status", "--project", str(trap)],
        check=False,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    assert (done.returncode, "cannot be used" in done.stderr) == (3, True), done.stderr


@contextmanager
def roots_own(root: Path) -> Iterator[Path]:
    """The home of another project of root's, found unchanged at the end."""
    root.mkdir(parents=True)
    home = make_home(root)
    (home.path / "treasure").touch()
    try:
        yield home.path
        assert (home.path / "treasure").exists()
        assert (root / "postgres").readlink() == home.path
    finally:
        remove_home(root, home)


@pytest.mark.parametrize("is_moved", [False, True])
def test_a_prepared_project_does_not_get_at_roots_own_server(
    trap: Path, mallory: Account, root: Path, is_moved: bool
) -> None:
    with roots_own(root) as home:
        mallory.shell('ln -s "$1" "$2/.sqlmig/postgres"', home, trap)
        if is_moved:
            root.rename(root.with_name("moved"))
        server = EmbeddedPostgres(trap / ".sqlmig")
        for call in (server.status, server.stop, server.start, server.reset):
            with pytest.raises(FolderError, match="leads to the server of"):
                call()
        if is_moved:
            root.with_name("moved").rename(root)


def test_a_link_in_the_place_of_the_folder_does_not_get_at_roots_own_server(
    trap: Path, mallory: Account, open_folder: Path
) -> None:
    root = open_folder / "roots" / ".sqlmig"
    with roots_own(root):
        mallory.shell('rmdir "$1"; ln -s "$2" "$1"', trap / ".sqlmig", root)
        server = EmbeddedPostgres(trap / ".sqlmig")
        for call in (server.status, server.stop, server.start, server.reset):
            with pytest.raises(FolderError, match=r"put a link in place of `\.sqlmig`"):
                call()


def test_a_project_that_is_swapped_for_a_link_meanwhile_is_refused(
    trap: Path, mallory: Account, open_folder: Path
) -> None:
    root = open_folder / "roots" / ".sqlmig"
    with roots_own(root):
        server = EmbeddedPostgres(trap / ".sqlmig")
        trap.rename(trap.with_name("away"))
        trap.symlink_to(root.parent)
        with pytest.raises(FolderError, match="put a link in place of `trap`"):
            server.reset()
        trap.unlink()


def test_programs_of_another_account_never_run_as_root(
    root: Path, open_folder: Path, mallory: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran_as = open_folder / "ran_as"
    ran_as.touch()
    ran_as.chmod(0o666)
    programs = write_programs(open_folder / "bin", "18.0", initdb="exit 1")
    for program in programs.iterdir():
        _, *rest = program.read_text().splitlines()
        program.write_text("\n".join(["#!/bin/sh", f"id -u >>{ran_as}", *rest]))
        os.chown(program, mallory.uid, mallory.gid)
    monkeypatch.setenv("SQLMIG_PG_BINDIR", str(programs))
    server = EmbeddedPostgres(root)
    with pytest.raises(EmbeddedError):
        server.start()
    server.reset()
    uids = set(ran_as.read_text().split())
    assert uids
    assert "0" not in uids


def test_a_wheel_that_another_account_can_write_is_not_copied(
    root: Path, tmp_path: Path, mallory: Account
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    programs = copy_wheel(WHEEL, closed)
    os.chown(programs.parent / "lib", mallory.uid, -1)
    server = EmbeddedPostgres(root, programs=programs)
    with pytest.raises(AccountError, match=f"cannot run the programs in {programs}"):
        server.start()
    server.reset()


def test_root_talks_to_the_servers_account_only(server: EmbeddedPostgres, mallory: Account) -> None:
    server.start()
    assert query(server.url(), "SELECT 1") == 1
    name = server_account(server.status()).name
    assert server.url().endswith(f"&requirepeer={name}")
    with pytest.raises(psycopg.OperationalError, match=f"requirepeer specifies .{mallory.name}"):
        query(
            server.url().replace(f"requirepeer={name}", f"requirepeer={mallory.name}"), "SELECT 1"
        )
