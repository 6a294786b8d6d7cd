"""What start, stop, reset and status of the embedded MongoDB promise."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient, WriteConcern

from sqlmig.embedded import EmbeddedError, EmbeddedMongo, MongoStatus, ServerStartError
from sqlmig.embedded.folders import make_folder
from sqlmig.embedded.postmaster import is_server
from tests.embedded.child import REPOSITORY

IMPORTS = "import sys; from pathlib import Path; from sqlmig.embedded import EmbeddedMongo; "


@pytest.fixture
def mongo(root: Path) -> Iterator[EmbeddedMongo]:
    """A server that does not exist yet."""
    server = EmbeddedMongo(root)
    try:
        yield server
    finally:
        server.reset()


def ask(status: MongoStatus) -> MongoClient[dict[str, Any]]:
    return MongoClient(status.url, serverSelectionTimeoutMS=2000)


def test_it_starts_and_a_second_start_finds_it(mongo: EmbeddedMongo) -> None:
    status = mongo.start()
    with ask(status) as client:
        assert client.admin.command("ping")["ok"] == 1
    assert status.running
    assert mongo.start() == mongo.status() == status


def test_it_is_standalone_and_reachable_from_this_machine_only(mongo: EmbeddedMongo) -> None:
    status = mongo.start()
    assert status.url is not None
    assert status.url.startswith("mongodb://127.0.0.1:")
    with ask(status) as client:
        assert "setName" not in client.admin.command("hello")
    assert status.data is not None
    assert status.data.parent.stat().st_mode & 0o077 == 0


def test_the_data_outlive_a_stop_and_a_kill(mongo: EmbeddedMongo) -> None:
    with ask(mongo.start()) as client:
        client.get_default_database().kept.insert_one({"_id": 1})
    assert mongo.stop() is True
    assert mongo.stop() is False
    assert mongo.status().running is False
    status = mongo.start()
    assert status.pid is not None
    assert status.data is not None
    os.kill(status.pid, signal.SIGKILL)
    while is_server(status.pid, status.data):
        time.sleep(0.01)
    assert mongo.status().pid is None
    with ask(mongo.start()) as client:
        assert client.get_default_database().kept.find_one() == {"_id": 1}


def test_a_server_that_does_not_answer_a_stop_is_killed_and_its_data_stay(
    mongo: EmbeddedMongo,
) -> None:
    status = mongo.start()
    with ask(status) as client:
        database = client.get_default_database(write_concern=WriteConcern(w=1, j=True))
        database.kept.insert_one({"_id": 1})
    assert status.pid is not None
    os.kill(status.pid, signal.SIGSTOP)
    assert mongo.stop() is True
    assert mongo.status().running is False
    with ask(mongo.start()) as client:
        assert client.get_default_database().kept.find_one() == {"_id": 1}


def test_reset_leaves_nothing(mongo: EmbeddedMongo) -> None:
    status = mongo.start()
    mongo.reset()
    assert mongo.status() == MongoStatus(running=False)
    assert status.data is not None
    assert not status.data.parent.exists()
    mongo.reset()


@pytest.mark.parametrize("record", ["", "{", "[]", '{"pid": "1"}', '{"pid": null, "port": 1}'])
def test_a_damaged_record_hinders_nothing(mongo: EmbeddedMongo, root: Path, record: str) -> None:
    root.mkdir(parents=True)
    (make_folder(root, "mongo") / "server.json").write_text(record)
    assert mongo.status().running is False
    assert mongo.stop() is False


def test_looking_makes_nothing(mongo: EmbeddedMongo, root: Path) -> None:
    assert mongo.status() == MongoStatus(running=False)
    assert mongo.stop() is False
    assert not root.exists()


def test_it_outlives_the_process_that_starts_it_and_two_starts_share_it(
    mongo: EmbeddedMongo, root: Path
) -> None:
    start = f"print(EmbeddedMongo(Path({str(root)!r})).start().pid, 'secantus' in sys.modules)"
    command = [sys.executable, "-c", IMPORTS + start]
    both = [subprocess.Popen(command, cwd=REPOSITORY, stdout=-1, text=True) for _ in range(2)]
    answers = {process.communicate()[0] for process in both}
    assert answers == {f"{mongo.status().pid} False\n"}


def test_a_server_that_cannot_start_is_shown_in_its_own_words(
    mongo: EmbeddedMongo, root: Path
) -> None:
    status = mongo.start()
    mongo.stop()
    assert status.data is not None
    shutil.rmtree(status.data)
    status.data.write_text("in the way")
    with pytest.raises(ServerStartError) as caught:
        mongo.start()
    assert "the embedded MongoDB stopped immediately" in caught.value.message
    assert "data" in caught.value.output
    assert "embedded reset" in caught.value.remedy


def test_without_its_extra_the_error_names_it(
    mongo: EmbeddedMongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "secantus", None)
    with pytest.raises(EmbeddedError, match="not installed") as caught:
        mongo.start()
    assert "pip install 'sqlmig[embedded-mongo]'" in str(caught.value)
