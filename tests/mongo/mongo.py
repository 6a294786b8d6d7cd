"""A test's MongoDB database: seeded through a driver, and inspected without the seeder."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import bson
from pymongo.database import Database
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from sqlmig.config import Config
from sqlmig.model import Environment
from sqlmig.mongo.connection import AsyncDatabase, connected
from sqlmig.mongo.fixtures import Fixtures
from sqlmig.mongo.results import FixturesReport
from sqlmig.mongo.seeder import MongoSeeder
from sqlmig.mongo.stamp import read_stamp
from sqlmig.target.address import mongo_url

READS = {"find", "getMore", "aggregate"}


def url_of(server: str, name: str) -> str:
    """The URL of another database of that server."""
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def stamp_of(config: Config) -> Environment | None:
    """The environment that the project's MongoDB database is stamped with."""

    async def read() -> Environment | None:
        async with connected(mongo_url(config)) as database:
            return await read_stamp(database, None)

    return asyncio.run(read())


class Commands(CommandListener):
    """Every command that a client sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.sent.append((event.command_name, event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass

    def names(self) -> set[str]:
        """The commands sent since the last call."""
        names = {name for name, _ in self.sent}
        self.sent.clear()
        return names


@dataclass(frozen=True)
class Mongo:
    """`database` is passed to the seeder, `commands` records what it sent, `aside` is the test's
    own access."""

    database: AsyncDatabase
    aside: Database[dict[str, Any]]
    commands: Commands
    url: str

    def seeder(self, fixtures: Fixtures, environment: Environment) -> MongoSeeder:
        """The seeder under test."""
        return MongoSeeder(self.database, fixtures, environment)

    async def seed(self, fixtures: Fixtures, environment: Environment) -> FixturesReport:
        """Seeds the database."""
        return await self.seeder(fixtures, environment).seed()

    async def compare(self, fixtures: Fixtures, environment: Environment) -> FixturesReport:
        """Compares the fixtures with the database."""
        return await self.seeder(fixtures, environment).compare()

    def one(self, collection: str, document_id: Any) -> dict[str, Any] | None:
        """The document with that id."""
        return self.aside[collection].find_one({"_id": document_id})

    def change(self, collection: str, document_id: Any, **fields: Any) -> None:
        """Changes a document as the application would."""
        self.aside[collection].update_one({"_id": document_id}, {"$set": fields})

    def dump(self) -> dict[str, list[bytes]]:
        """Everything in the database as bytes, including sqlmig's own collections."""
        return {
            name: sorted(bson.encode(document) for document in self.aside[name].find())
            for name in sorted(self.aside.list_collection_names())
        }
