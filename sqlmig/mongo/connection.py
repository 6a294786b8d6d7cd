"""The one door to the driver: motor's client, and what is wrong with a URL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

from pymongo import ReadPreference, WriteConcern
from pymongo.errors import ConfigurationError, InvalidURI
from pymongo.read_concern import ReadConcern

from sqlmig.errors import ConfigError

# The driver would wait for half a minute for a server that is not there.
_SELECTION_TIMEOUT: dict[str, Any] = {"serverSelectionTimeoutMS": 10_000}
_MAJORITY = WriteConcern("majority", wtimeout=30_000)


class AsyncDatabase(Protocol):
    """What the seeder needs of a database: motor's and PyMongo's own async ones both have it."""

    def __getitem__(self, name: str, /) -> Any:
        """A collection."""

    def with_options(
        self, *, write_concern: Any, read_preference: Any, read_concern: Any
    ) -> AsyncDatabase:
        """The same database, used in another way."""

    async def drop_collection(self, name_or_collection: str, /) -> Any:
        """Drops a collection."""


def confirmed(database: AsyncDatabase) -> AsyncDatabase:
    """The database, used so that what it says is so, whatever the URL or the client asks for.

    A write is done when a majority of the members has it, which may take half a minute; with `w=0`
    not even a refusal would come back. What is read is what the primary has.
    """
    return database.with_options(
        write_concern=_MAJORITY,
        read_preference=ReadPreference.PRIMARY,
        read_concern=ReadConcern("local"),
    )


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncDatabase]:
    """The database that the URL names, over motor; nothing is sent before its first use.

    Raises ConfigError for a URL that cannot be used; it never shows the URL, which may hold a
    password anywhere when it is written wrong.
    """
    from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415  # takes a fifth of a second

    options = {} if "serverselectiontimeoutms" in url.lower() else _SELECTION_TIMEOUT
    try:
        client: Any = AsyncIOMotorClient(url, appname="sqlmig", **options)
        database = client.get_default_database()
    except (ConfigurationError, InvalidURI, ValueError):
        raise ConfigError(
            "the MongoDB URL cannot be used: it is not well-formed, or names no database",
            remedy="Write it as mongodb://user@host:27017/database; in the password, percent-"
            "encode characters such as / : @ and %.",
        ) from None
    try:
        yield confirmed(database)
    finally:
        client.close()
