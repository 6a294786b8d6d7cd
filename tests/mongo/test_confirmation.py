"""What is reported as written was written, whatever the URL or the client asks of the driver."""

from __future__ import annotations

import inspect
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from sqlmig.errors import DocumentsRefusedError, ExecutionError
from sqlmig.mongo.connection import AsyncDatabase, connected
from sqlmig.mongo.project import MongoProject, stamp_with
from sqlmig.mongo.seeder import MongoSeeder
from sqlmig.mongo.stamp import claim, read_stamp, write_stamp
from tests.mongo.conftest import CLIENTS
from tests.mongo.mongo import READS, Commands, stamp_of, url_of
from tests.mongo.seeds import DEVELOPMENT, PRODUCTION, TESTING, Seeds
from tests.project import Project

CLASSES = "reference/10_classes.json"
MAJORITY = {"w": "majority", "wtimeout": 30_000}
CARELESS = (
    "w=0",
    "w=0&retryWrites=false",
    "w=1&journal=false",
    "wTimeoutMS=1",
    "readConcernLevel=available",
    "readPreference=secondaryPreferred",
)


def with_options(url: str, options: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{options}"


@asynccontextmanager
async def opened(driver: str, url: str, sent: Commands) -> AsyncIterator[AsyncDatabase]:
    client = CLIENTS[driver](url, event_listeners=[sent])
    yield client.get_default_database()
    closed = client.close()
    if inspect.isawaitable(closed):
        await closed


@pytest.mark.parametrize("options", CARELESS)
@pytest.mark.parametrize("driver", CLIENTS)
async def test_a_document_that_the_server_refuses_is_never_reported_as_added(
    driver: str, options: str, mongo_url: str, seeds: Seeds
) -> None:
    seeds.documents(CLASSES, *({"_id": n, "name": str(n % 3)} for n in range(4)))
    seeds.schema("classes", unique=[["name"]])
    async with opened(driver, with_options(mongo_url, options), Commands()) as database:
        seeder = MongoSeeder(database, seeds.read(), PRODUCTION)
        with pytest.raises(DocumentsRefusedError, match="refused 1 of 4 documents") as caught:
            await seeder.seed()
    assert seeds.place(caught.value.errors[0]) == f"{CLASSES}:5:12"
    with MongoClient[dict[str, Any]](mongo_url) as client:
        there = client.get_default_database()
        assert there["classes"].count_documents({}) == 3
        assert there["_sqlmig_seeds"].count_documents({}) == 0


@pytest.mark.parametrize("options", CARELESS)
@pytest.mark.parametrize("driver", CLIENTS)
async def test_every_write_waits_for_a_majority_and_every_read_asks_the_primary(
    driver: str, options: str, mongo_url: str, seeds: Seeds
) -> None:
    seeds.documents(CLASSES, {"_id": 1, "name": "a"})
    seeds.schema("classes", unique=[["name"]])
    sent = Commands()
    async with opened(driver, with_options(mongo_url, options), sent) as database:
        await claim(database, TESTING)
        await write_stamp(database, DEVELOPMENT)
        seeder = MongoSeeder(database, seeds.read(), DEVELOPMENT)
        await seeder.seed()
        assert not (await seeder.compare()).differs
        assert await seeder.reset() == ("classes",)
        await write_stamp(database, PRODUCTION)
        await MongoSeeder(database, seeds.read(), PRODUCTION).compare()
        assert await read_stamp(database, None) is PRODUCTION
        commands = list(sent.sent)
    writes = {name for name, _ in commands} - READS
    assert writes == {"update", "createIndexes", "drop"}
    for name, command in commands:
        if name in writes:
            assert command["writeConcern"] == MAJORITY
        else:
            assert command.get("readConcern") == {"level": "local"}
            assert command.get("$readPreference", {"mode": "primary"})["mode"].startswith("primary")


@pytest.mark.parametrize("options", CARELESS)
def test_the_stamp_of_a_project_is_there_once_it_is_said_to_be(
    project: Project, mongo_url: str, options: str
) -> None:
    config = project.config(mongo=with_options(mongo_url, options))
    Seeds(project.root / "mongo_seeds").documents(CLASSES, {"_id": "a"})
    MongoProject(config, TESTING).seed()
    assert stamp_of(config) is TESTING
    stamp_with(config, DEVELOPMENT)
    assert stamp_of(config) is DEVELOPMENT


@pytest.fixture(scope="module")
def failing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that can be told to fail."""
    folder = tmp_path_factory.mktemp("failing")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    program: list[str | Path] = [sys.executable, "-P", "-m", "secantus", "--standalone"]
    program += ["--enable-test-commands", "--storage-path", folder / "data"]
    program += ["--config", folder / "settings.toml", "--host", "127.0.0.1", "--port", str(port)]
    (folder / "settings.toml").touch()
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(program, stdout=log, stderr=log)
    url = f"mongodb://127.0.0.1:{port}/sqlmig"
    try:
        with MongoClient[dict[str, Any]](url) as client:
            client.admin.command("ping")
        yield url
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize("command", ["createIndexes", "update", "drop"])
async def test_a_write_that_no_majority_confirms_is_an_error_that_says_so(
    failing_server: str, seeds: Seeds, command: str
) -> None:
    seeds.documents(CLASSES, {"_id": 1, "name": "a"})
    seeds.schema("classes", unique=[["name"]])
    url = url_of(failing_server, f"no_majority_{command}")
    reason = {"code": 64, "codeName": "WriteConcernFailed", "errmsg": "waiting timed out"}
    point = {"failCommands": [command], "writeConcernError": reason}
    with MongoClient[dict[str, Any]](url) as client:
        async with connected(url) as database:
            seeder = MongoSeeder(database, seeds.read(), TESTING)
            if command == "drop":
                await seeder.seed()
            client.admin.command("configureFailPoint", "failCommand", mode="alwaysOn", data=point)
            try:
                with pytest.raises(ExecutionError) as caught:
                    await (seeder.reset() if command == "drop" else seeder.seed())
            finally:
                client.admin.command("configureFailPoint", "failCommand", mode="off")
            assert caught.value.message == (
                "no majority of MongoDB's members has confirmed a write: waiting timed out"
            )
            assert "rs.status()" in caught.value.remedy
            assert caught.value.exit_code == 3
            await seeder.seed()
            assert not (await seeder.compare()).differs
