"""What start makes of the traces of a server that did not end in order, and of company."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from sqlmig.embedded import EmbeddedError, EmbeddedPostgres, FolderError, ServerStatus
from tests.embedded.child import Child, answer_of
from tests.embedded.conftest import IS_ROOT, query

BUSY_FOR_A_SECOND = """DO $$
DECLARE
    began timestamptz := clock_timestamp();
BEGIN
    WHILE clock_timestamp() < began + interval '1 second' LOOP END LOOP;
END $$"""
IS_BUSY = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %'"


def kill(server: EmbeddedPostgres) -> None:
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while server.status().running:
        time.sleep(0.001)


def pid_file(status: ServerStatus) -> Path:
    assert status.data is not None
    return status.data / "postmaster.pid"


@contextmanager
def stranger(status: ServerStatus) -> Iterator[int]:
    """The pid of a process of the server's account that is no server."""
    user = pid_file(status).stat().st_uid if IS_ROOT else None
    process = subprocess.Popen(["sleep", "60"], user=user)
    try:
        yield process.pid
        assert process.poll() is None, "the stranger was ended"
    finally:
        process.kill()
        process.wait()


def keep_busy(url: str) -> None:
    with suppress(psycopg.OperationalError), psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BUSY_FOR_A_SECOND.encode())


def test_a_killed_server_is_started_again_with_its_data(used_server: EmbeddedPostgres) -> None:
    status = used_server.start()
    query(used_server.url(), "CREATE TABLE kept AS SELECT 7 AS value")
    kill(used_server)
    assert pid_file(status).exists()
    assert used_server.start().pid != status.pid
    assert query(used_server.url(), "SELECT value FROM kept") == 7


def test_a_pid_that_belongs_to_a_stranger_by_now_hinders_nothing(
    used_server: EmbeddedPostgres,
) -> None:
    status = used_server.start()
    kill(used_server)
    _, rest = pid_file(status).read_text().split("\n", 1)
    with stranger(status) as pid:
        pid_file(status).write_text(f"{pid}\n{rest}")
        assert not used_server.status().running
        assert used_server.stop() is False
        assert used_server.start().pid != pid
        assert query(used_server.url(), "SELECT 1") == 1


@pytest.mark.parametrize("content", ["", "no number\n", "-1\n", "999999999\n"])
def test_a_damaged_pid_file_hinders_nothing(used_server: EmbeddedPostgres, content: str) -> None:
    status = used_server.start()
    used_server.stop()
    pid_file(status).write_text(content)
    assert not used_server.status().running
    assert used_server.start().running


@pytest.mark.parametrize("content", ["", "eighteen\n", "9" * 5000])
def test_a_cluster_without_a_version_is_named_and_kept(
    used_server: EmbeddedPostgres, content: str
) -> None:
    status = used_server.start()
    used_server.stop()
    assert status.data is not None
    version = status.data / "PG_VERSION"
    before = version.read_text()
    version.write_text(content)
    with pytest.raises(FolderError, match="PG_VERSION does not name a version") as caught:
        used_server.start()
    assert caught.value.folder == status.data
    version.write_text(before)
    assert used_server.start().running


def test_start_waits_for_the_last_query_of_a_killed_server(used_server: EmbeddedPostgres) -> None:
    used_server.start()
    busy = threading.Thread(target=keep_busy, args=(used_server.url(),))
    busy.start()
    while query(used_server.url("postgres"), IS_BUSY) != 1:
        time.sleep(0.01)
    kill(used_server)
    used_server.start()
    assert query(used_server.url(), "SELECT 1") == 1
    busy.join()


def test_a_lost_socket_comes_back_with_a_stop_and_a_start(used_server: EmbeddedPostgres) -> None:
    status = used_server.start()
    assert status.socket is not None
    (status.socket / ".s.PGSQL.5432").unlink()
    assert used_server.status().running
    assert used_server.stop() is True
    used_server.start()
    assert query(used_server.url(), "SELECT 1") == 1


def test_a_server_that_does_not_answer_is_named_with_its_log_and_the_way_out(
    used_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = used_server.start()
    assert status.socket is not None
    (status.socket / ".s.PGSQL.5432").unlink()
    monkeypatch.setattr("sqlmig.embedded.cluster._ANSWER_SECONDS", 0.1)
    with pytest.raises(EmbeddedError, match="does not answer") as caught:
        used_server.start()
    assert f"pid {status.pid}" in caught.value.message
    assert str(status.log) in caught.value.remedy
    assert "sqlmig embedded stop" in caught.value.remedy
    used_server.stop()


def test_start_waits_for_a_server_that_is_still_stopping(used_server: EmbeddedPostgres) -> None:
    status = used_server.start()
    assert status.pid is not None
    with psycopg.connect(used_server.url()) as connection:
        connection.execute("SELECT 1")
        os.kill(status.pid, signal.SIGTERM)  # the server waits for its last connection to end
        threading.Timer(0.2, connection.close).start()
        assert used_server.start().pid != status.pid
    assert query(used_server.url(), "SELECT 1") == 1


def test_an_interrupted_making_of_the_cluster_is_begun_again(
    used_server: EmbeddedPostgres,
) -> None:
    status = used_server.start()
    used_server.stop()
    assert status.data is not None
    status.data.rename(status.data.with_name("data.new"))
    assert used_server.status().version is None
    used_server.start()
    assert query(used_server.url(), "SELECT 1") == 1


def test_processes_that_start_it_at_once_get_the_same_server(
    server: EmbeddedPostgres, root: Path
) -> None:
    starting = [Child(root).begin("start") for _ in range(4)]
    answers = [answer_of(process) for process in starting]
    assert {answer["pid"] for answer in answers} == {server.status().pid}
    log = server.status().log
    assert log is not None
    assert log.read_text().count("listening on") == 1
