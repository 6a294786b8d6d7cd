"""Fixtures to seed, and databases to seed through both drivers."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, MongoClient

from tests.mongo.mongo import Commands, Mongo
from tests.mongo.seeds import Seeds

CLIENTS: dict[str, Any] = {"motor": AsyncIOMotorClient, "pymongo": AsyncMongoClient}


@pytest.fixture
def seeds(tmp_path: Path) -> Seeds:
    """A folder without fixtures."""
    return Seeds(tmp_path / "mongo_seeds")


@pytest.fixture(params=list(CLIENTS))
async def mongo(request: pytest.FixtureRequest, mongo_url: str) -> AsyncIterator[Mongo]:
    """An empty database, through each driver."""
    sent = Commands()
    client = CLIENTS[request.param](mongo_url, event_listeners=[sent])
    with MongoClient[dict[str, Any]](mongo_url) as aside:
        yield Mongo(client.get_default_database(), aside.get_default_database(), sent, mongo_url)
    closed = client.close()
    if inspect.isawaitable(closed):
        await closed
