"""The only access to the driver: motor's or PyMongo's client, and errors in a URL."""

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

# By default, the driver waits half a minute for a server that does not exist.
_SELECTION_TIMEOUT: dict[str, Any] = {"serverSelectionTimeoutMS": 10_000}
_MAJORITY = WriteConcern("majority", wtimeout=30_000)


class AsyncDatabase(Protocol):
    """What the seeder needs of a database; motor's and PyMongo's async databases both have it."""

    def __getitem__(self, name: str, /) -> Any:
        """A collection."""

    def with_options(
        self, *, write_concern: Any, read_preference: Any, read_concern: Any
    ) -> AsyncDatabase:
        """The same database with other options."""

    async def drop_collection(self, name_or_collection: str, /) -> Any:
        """Drops a collection."""


def confirmed(database: AsyncDatabase) -> AsyncDatabase:
    """The database with options under which its answers are reliable, whatever the URL or the
    client asks for.

    A write is done when a majority of the members has it, which may take half a minute; with `w=0`,
    not even a refusal would be reported. Reads return what the primary has.
    """
    return database.with_options(
        write_concern=_MAJORITY,
        read_preference=ReadPreference.PRIMARY,
        read_concern=ReadConcern("local"),
    )


@asynccontextmanager
async def connected(url: str, driver: str | None = None) -> AsyncIterator[AsyncDatabase]:
    """The database in the URL; nothing is sent before its first use.

    `driver` is `motor` or `pymongo`; PyMongo's async client is also used if motor is not installed.
    Raises ConfigError for an unusable URL; the error never shows the URL, because any part of a
    malformed one may contain a password.
    """
    options = {} if "serverselectiontimeoutms" in url.lower() else _SELECTION_TIMEOUT
    make_client = _client_class(driver)
    try:
        with (
            warnings.catch_warnings()
        ):  # each warning means that an option is ignored, even one for TLS
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
    """What is wrong with a URL. If it is malformed, the driver's message may repeat part of it, so
    it is not shown."""
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
