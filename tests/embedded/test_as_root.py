"""Root and the accounts that the server runs under."""

import os
import pwd
import shutil
import stat
from pathlib import Path

import pytest

from sqlmig.embedded import AccountError, EmbeddedPostgres, FolderError
from sqlmig.embedded.home import find_home, make_home, remove_home
from sqlmig.embedded.programs import copy_wheel
from tests.embedded.child import Child
from tests.embedded.conftest import ORDINARY_USER, WHEEL, needs_root, query, write_programs

pytestmark = needs_root

DAEMON = pwd.getpwnam("daemon").pw_uid
NAMELESS = next(uid for uid in range(61000, 65000) if uid not in {u.pw_uid for u in pwd.getpwall()})


def owner(path: Path) -> int:
    return path.lstat().st_uid


def test_roots_server_lies_where_its_own_account_can_reach_it(
    server: EmbeddedPostgres, root: Path
) -> None:
    status = server.start()
    assert status.data is not None
    home = status.data.parent
    assert home.parent == Path("/var/tmp")
    assert (root / "postgres").readlink() == home
    assert owner(home) == 0
    assert stat.S_IMODE(home.stat().st_mode) == 0o710
    accounts = {path.name: owner(path) for path in home.iterdir()}
    account = accounts["data"]
    assert pwd.getpwuid(account).pw_name in ("postgres", "nobody")
    assert accounts == {
        "data": account,
        "socket": account,
        "log": account,
        "share": 0,
        "project": 0,
    }
    assert {owner(path) for path in status.data.rglob("*")} == {account}


@pytest.mark.parametrize("call", ["start", "stop", "reset", "status"])
def test_root_leaves_an_ordinary_users_server_alone(user: Child, call: str) -> None:
    before = user.call("start")
    with pytest.raises(FolderError, match=f"it belongs to the user id {ORDINARY_USER}, and"):
        getattr(EmbeddedPostgres(user.root), call)()
    assert user.call("status") == before


@pytest.mark.parametrize("call", ["start", "stop", "reset", "status"])
def test_an_ordinary_user_is_told_whose_roots_server_is(open_folder: Path, call: str) -> None:
    root = open_folder / ".sqlmig"
    root.mkdir()
    home = make_home(root)
    try:
        answer = Child(root, DAEMON).call(call)
        assert answer["error"] == "FolderError"
        assert "belongs to the user id 0" in answer["text"]
        assert find_home(root) == home
    finally:
        remove_home(root, home)


def test_a_user_id_without_a_name_is_told_what_to_do(open_folder: Path) -> None:
    os.chown(open_folder, NAMELESS, NAMELESS)
    answer = Child(open_folder / ".sqlmig", NAMELESS).call("start")
    assert answer["error"] == "AccountError"
    assert f"the user id {NAMELESS} has no name" in answer["text"]
    assert f"useradd --uid {NAMELESS}" in answer["text"]


def test_the_wheel_in_a_closed_home_is_copied_beside_the_data(root: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    programs = copy_wheel(WHEEL, closed)
    server = EmbeddedPostgres(root, programs=programs)
    try:
        status = server.start()
        assert status.data is not None
        assert status.programs is not None
        assert status.programs.is_relative_to(status.data.parent)
        assert query(server.url(), "SELECT 1") == 1
        server.stop()
        assert server.start().programs == status.programs
    finally:
        server.reset()


def test_other_programs_in_a_closed_home_are_an_error(
    server: EmbeddedPostgres, root: Path, tmp_path: Path
) -> None:
    folder = write_programs(tmp_path / "closed" / "bin", "16.2")
    folder.parent.chmod(0o700)
    with pytest.raises(AccountError, match=f"cannot run the programs in {folder}"):
        EmbeddedPostgres(root, programs=folder).start()


def test_a_home_that_a_clean_up_took_away_is_made_again(root: Path) -> None:
    root.mkdir(parents=True)
    lost = make_home(root)
    shutil.rmtree(lost.path)
    assert find_home(root) is None
    home = make_home(root)
    assert find_home(root) == home != lost
    remove_home(root, home)
    assert not home.path.exists()
    assert list(root.iterdir()) == []


def test_a_copied_project_neither_shares_nor_removes_the_originals_server(
    used_server: EmbeddedPostgres, used_root: Path, tmp_path: Path
) -> None:
    status = used_server.start()
    shutil.copytree(used_root.parent, tmp_path / "copy", symlinks=True)
    copy = EmbeddedPostgres(tmp_path / "copy" / ".sqlmig")
    for call in (copy.start, copy.reset, copy.stop):
        with pytest.raises(FolderError, match="leads to the server of") as caught:
            call()
    assert used_server.status() == status

    caught.value.folder.unlink()
    assert copy.status().data is None


def test_a_moved_project_keeps_the_server_that_lies_elsewhere(
    used_server: EmbeddedPostgres, used_root: Path
) -> None:
    status = used_server.start()
    moved = used_root.parent.rename(used_root.parent.with_name("moved"))
    assert EmbeddedPostgres(moved / ".sqlmig").start() == status
    moved.rename(used_root.parent)


def test_a_link_that_sqlmig_did_not_make_is_never_followed(root: Path, tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    os.chown(treasure, ORDINARY_USER, -1)
    root.mkdir(parents=True)
    (root / "postgres").symlink_to(treasure)
    server = EmbeddedPostgres(root)
    for call in (server.start, server.stop, server.reset):
        with pytest.raises(FolderError, match="Remove the link"):
            call()
    assert treasure.exists()
