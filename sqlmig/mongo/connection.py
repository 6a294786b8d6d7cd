"""The one door to the driver: motor's client or PyMongo's, and what is wrong with a URL."""

from __future__ import annotations

import re
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from pymongo import ReadPreference, WriteConcern
from pymongo.errors import ConfigurationError
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
async def connected(url: str, driver: str | None = None) -> AsyncIterator[AsyncDatabase]:
    """The database that the URL names; nothing is sent before its first use.

    `driver` is `motor` or `pymongo`, whose own async client takes motor's place also where motor is
    not installed. Raises ConfigError for a URL that cannot be used; it never shows the URL, which
    may hold a password anywhere when it is written wrong.
    """
    options = {} if "serverselectiontimeoutms" in url.lower() else _SELECTION_TIMEOUT
    make_client = _client_class(driver)
    try:
        with (
            warnings.catch_warnings()
        ):  # of which each means that an option is ignored: of TLS, too
            warnings.simplefilter("error", UserWarning)
            warnings.filterwarnings("ignore", "Wire protocol compression")
            client = make_client(url, appname="sqlmig", **options)
        database = client.get_default_database()
    except (UserWarning, ConfigurationError, OSError, ValueError) as error:
        raise _unusable(error) from None
    try:
        yield confirmed(database)
    finally:
        closed = client.close()
        if closed is not None:
            await closed


def _client_class(driver: str | None) -> Any:
    if driver != "pymongo":
        with suppress(ImportError):
            from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415  # takes 0.2 s

            return AsyncIOMotorClient
    from pymongo import AsyncMongoClient  # noqa: PLC0415  # since PyMongo 4.9

    return AsyncMongoClient


def _unusable(error: Exception) -> ConfigError:
    """What is wrong with a URL; the driver's words for what is none may repeat a part of it."""
    words = str(getattr(error, "strerror", None) or error)
    if isinstance(error, OSError):
        return ConfigError(
            f"the MongoDB URL cannot be used: its TLS files: {words}",
            remedy="Name files in PEM format: tlsCAFile has the certificates that are trusted, "
            "tlsCertificateKeyFile a certificate and its key.",
        )
    if isinstance(error, UserWarning) or re.search("URI option|certificate", words):
        return ConfigError(
            f"the MongoDB URL cannot be used: {words}",
            remedy="Fix or remove that option: without it, the connection might not be encrypted.",
        )
    return ConfigError(
        "the MongoDB URL cannot be used: it is not well-formed, or names no database",
        remedy="Write it as mongodb://user@host:27017/database; in the password, percent-"
        "encode characters such as / : @ and %.",
    )
