"""An ordinary user's server, which lies in the project whatever its path."""

import os
from pathlib import Path

import pytest

from tests.embedded.child import Child
from tests.embedded.conftest import IS_ROOT, ORDINARY_USER, query


def test_an_ordinary_users_server_lies_in_the_project(user: Child) -> None:
    status = user.call("start")
    assert status["running"], status
    assert status["data"] == f"{user.root}/postgres/data"
    assert Path(status["data"]).stat().st_uid == ORDINARY_USER
    assert query(status["url"], "SELECT current_database()") == "sqlmig"
    assert user.call("start")["pid"] == status["pid"]
    assert not user.call("stop")["running"]
    assert not user.call("reset")["data"]
    assert not (user.root / "postgres").exists()


@pytest.mark.parametrize("name", ["a b \"c\" 'd' $e %41&host=x größe", "one, two"])
def test_any_characters_of_a_path_will_do(user: Child, name: str) -> None:
    odd = user.beside(name)
    status = odd.call("start")
    try:
        assert "error" not in status, status["text"]
        assert Path(status["data"]).is_relative_to(odd.root)
        assert query(status["url"], "SELECT 1") == 1
    finally:
        assert not odd.call("reset")["running"]


def test_a_path_too_long_for_a_socket_gets_a_short_folder_for_it(user: Child) -> None:
    deep = user.beside("x" * 120)
    status = deep.call("start")
    try:
        assert Path(status["data"]).is_relative_to(deep.root), status
        assert Path(status["socket"]).parent == Path("/var/tmp")
        assert Path(status["socket"]).stat().st_mode & 0o077 == 0
        assert query(status["url"], "SELECT 1") == 1

        deep.call("stop")
        Path(status["socket"]).rmdir()
        Path(status["socket"]).write_text("another's")
        answer = deep.call("start")
        Path(status["socket"]).unlink()
        assert answer["error"] == "FolderError"
        assert status["socket"] in answer["text"]
        assert deep.call("start")["running"]
    finally:
        assert not deep.call("reset")["running"]
    assert not Path(status["socket"]).exists()


def test_a_project_seen_through_a_link_or_moved_keeps_its_running_server(
    user: Child, open_folder: Path
) -> None:
    here, link, moved = (user.beside(name) for name in ("here", "link", "moved"))
    status = here.call("start")
    (open_folder / "link").symlink_to("here")
    assert link.call("start") == status
    (open_folder / "here").rename(open_folder / "moved")
    try:
        answer = moved.call("start")
        assert answer["pid"] == status["pid"]
        assert query(answer["url"], "SELECT 1") == 1
    finally:
        assert not moved.call("reset")["running"]


@pytest.mark.parametrize("closed", [0o555, 0o000], ids=["read only", "closed"])
def test_a_folder_that_cannot_be_written_is_named(
    user: Child, open_folder: Path, closed: int
) -> None:
    open_folder.chmod(closed)
    if IS_ROOT:
        os.chown(open_folder, 0, 0)
    answer = user.call("start")
    open_folder.chmod(0o755)
    assert answer["error"] == "FolderError"
    assert "Permission denied" in answer["text"]
    assert str(user.root) in answer["text"]
    assert "permissions" in answer["text"]
