"""What start, stop, reset, status and url promise."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sqlmig.embedded import (
    EmbeddedError,
    EmbeddedPostgres,
    FolderError,
    ServerStartError,
    temporary_postgres,
)
from sqlmig.embedded.home import folder_in_memory
from sqlmig.embedded.programs import find_programs
from tests.embedded.child import REPOSITORY
from tests.embedded.conftest import query


def test_one_call_leads_from_nothing_to_an_accepting_connection(programs: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as folder:
        server = EmbeddedPostgres(Path(folder), programs=programs)
        try:
            status = server.start()
            assert query(server.url(), "SELECT current_database()") == "sqlmig"
            expected = find_programs(chosen=programs)
            assert str(query(server.url(), "SHOW server_version")).startswith(expected.version)
            assert (status.running, status.version) == (True, str(expected.major))
        finally:
            server.reset()


def test_a_second_start_finds_the_server_running(used_server: EmbeddedPostgres) -> None:
    first = used_server.start()
    assert first.running
    assert used_server.start() == first


def test_finding_the_server_running_does_not_load_the_driver(
    used_server: EmbeddedPostgres, used_root: Path
) -> None:
    used_server.start()
    code = (
        "import sys; from pathlib import Path; from sqlmig.embedded import EmbeddedPostgres;"
        f"EmbeddedPostgres(Path({str(used_root)!r})).start(); print('psycopg' in sys.modules)"
    )
    output = subprocess.check_output([sys.executable, "-c", code], cwd=REPOSITORY, text=True)
    assert output == "False\n"


def test_the_data_outlive_a_stop(used_server: EmbeddedPostgres) -> None:
    used_server.start()
    query(used_server.url(), "CREATE TABLE kept AS SELECT 7 AS value")
    assert used_server.stop() is True
    assert used_server.status().running is False
    assert used_server.stop() is False
    used_server.start()
    assert query(used_server.url(), "SELECT value FROM kept") == 7


def test_status_tells_of_a_stopped_server_what_it_knows(used_server: EmbeddedPostgres) -> None:
    started = used_server.start()
    used_server.stop()
    stopped = used_server.status()
    assert (stopped.running, stopped.pid) == (False, None)
    assert stopped.data == started.data
    assert stopped.version == started.version
    assert stopped.programs == started.programs
    assert stopped.log is not None
    assert "shut down" in stopped.log.read_text()


def test_the_database_is_made_again_when_someone_dropped_it(used_server: EmbeddedPostgres) -> None:
    used_server.start()
    query(used_server.url("postgres"), "DROP DATABASE sqlmig")
    used_server.start()
    assert query(used_server.url(), "SELECT current_database()") == "sqlmig"


def test_nothing_listens_on_the_network_and_the_socket_is_private(
    used_server: EmbeddedPostgres,
) -> None:
    status = used_server.start()
    assert query(used_server.url(), "SHOW listen_addresses") == ""
    assert status.socket is not None
    assert status.socket.stat().st_mode & 0o077 == 0
    assert status.data is not None
    assert status.data.stat().st_mode & 0o077 == 0
    assert status.data.parent.stat().st_mode & 0o007 == 0


def test_commits_are_durable_unless_a_setting_says_otherwise(
    used_server: EmbeddedPostgres, used_root: Path
) -> None:
    used_server.stop()
    used_server.start()
    assert query(used_server.url(), "SHOW fsync") == "on"
    used_server.stop()
    EmbeddedPostgres(used_root, settings={"fsync": "off", "max_connections": "33"}).start()
    assert query(used_server.url(), "SHOW fsync") == "off"
    assert query(used_server.url(), "SHOW max_connections") == "33"


def test_a_setting_that_the_server_refuses_is_shown_in_its_own_words(
    used_server: EmbeddedPostgres, used_root: Path
) -> None:
    used_server.stop()
    with pytest.raises(ServerStartError, match="no_such_setting") as caught:
        EmbeddedPostgres(used_root, settings={"no_such_setting": "1"}).start()
    assert "unrecognized configuration parameter" in caught.value.output
    assert not used_server.status().running


def test_text_of_any_alphabet_is_kept_and_sorts_the_same_on_every_machine(
    used_server: EmbeddedPostgres,
) -> None:
    used_server.start()
    assert query(used_server.url(), "SHOW server_encoding") == "UTF8"
    assert query(used_server.url(), "SELECT 'Z' < 'a' AND 'z' < 'é'") is True


def test_the_environment_of_the_caller_reaches_neither_programs_nor_server(
    used_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    used_server.start()
    query(used_server.url("postgres"), "DROP DATABASE sqlmig")
    used_server.stop()
    for name, value in {"PGDATA": "/nowhere", "PGPORT": "1", "PGOPTIONS": "--no-such"}.items():
        monkeypatch.setenv(name, value)
    used_server.start()
    monkeypatch.delenv("PGOPTIONS")
    assert query(used_server.url(), "SHOW port") == "5432"


def test_a_relative_root_is_the_same_server_from_elsewhere(
    used_server: EmbeddedPostgres, used_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(used_root.parent)
    server = EmbeddedPostgres(Path(".sqlmig"))
    status = server.start()
    monkeypatch.chdir("/")
    assert server.status() == used_server.start() == status


def test_git_ignores_all_of_the_folder(used_server: EmbeddedPostgres, used_root: Path) -> None:
    used_server.start()
    subprocess.run(["git", "init", "--quiet", used_root.parent], check=True)
    listing = subprocess.check_output(
        ["git", "-C", used_root.parent, "status", "--porcelain", "--untracked-files=all"], text=True
    )
    assert listing == ""


def test_reset_leaves_nothing_but_the_lock_and_the_ignore_file(
    used_server: EmbeddedPostgres, used_root: Path
) -> None:
    status = used_server.start()
    used_server.reset()
    assert status.data is not None
    assert not status.data.parent.exists()
    assert sorted(path.name for path in used_root.iterdir()) == [".gitignore", "postgres.lock"]
    used_server.reset()
    assert not used_server.status().running


def test_a_temporary_server_is_gone_after_its_block() -> None:
    with temporary_postgres({"fsync": "off"}) as server:
        status = server.status()
        assert query(server.url(), "SHOW fsync") == "off"
    assert status.data is not None
    assert not status.data.exists()
    assert not server.status().running


def test_a_look_at_a_project_without_a_server_writes_nothing(root: Path) -> None:
    server = EmbeddedPostgres(root)
    status = server.status()
    assert (status.running, status.pid, status.url, status.data) == (False, None, None, None)
    assert server.stop() is False
    server.reset()
    with pytest.raises(EmbeddedError, match="sqlmig embedded start"):
        server.url()
    assert not root.exists()


def test_a_root_that_cannot_be_made_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    server = EmbeddedPostgres(tmp_path / "file" / ".sqlmig")
    with pytest.raises(EmbeddedError, match=re.escape(str(tmp_path / "file"))) as caught:
        server.start()
    assert "Not a directory" in str(caught.value)
    assert not server.status().running


def test_a_file_in_the_place_of_the_folder_is_named_and_kept(root: Path) -> None:
    root.mkdir(parents=True)
    (root / "postgres").touch()
    for call in (EmbeddedPostgres(root).start, EmbeddedPostgres(root).reset):
        with pytest.raises(FolderError, match="it is a file"):
            call()
    assert (root / "postgres").exists()
