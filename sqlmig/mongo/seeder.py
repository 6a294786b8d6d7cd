"""Brings a database and its fixtures together, as far as its environment allows."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import bson
from bson.int64 import Int64
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from sqlmig.errors import ConfigError, EnvironmentMismatchError
from sqlmig.model import Environment
from sqlmig.mongo.connection import AsyncDatabase
from sqlmig.mongo.document import CODEC, Document
from sqlmig.mongo.fixtures import Fixture, Fixtures
from sqlmig.mongo.refusals import raced, translated
from sqlmig.mongo.results import (
    WRITTEN,
    DocumentState,
    FileReport,
    SeedReport,
    Standing,
)
from sqlmig.mongo.rules import DEMO_FLAG
from sqlmig.mongo.tiers import SeedObserver, SilentSeedObserver

# Ours in the database. The ledger holds the ids that were seeded, a document for each batch:
# adding to one list of them takes a server time that grows with its square.
_STATE = "_sqlmig_state"
_LEDGER = "_sqlmig_seeds"

_BATCH_DOCUMENTS = 1_000
_BATCH_BYTES = 8_000_000

_Action = Callable[[Sequence[Standing], set[Any]], Awaitable[None]]


class MongoSeeder:
    """Seeds one database with the fixtures of one environment.

    In development and testing, documents get the fields that their fixtures have; fields that the
    application added stay. In production a document is added if it never was there, and nothing
    else is written. Several seeders may run at once: they converge. Every method raises
    DatabaseUnavailableError or ExecutionError for what the server does.
    """

    def __init__(
        self,
        database: AsyncDatabase,
        fixtures: Fixtures,
        observer: SeedObserver = SilentSeedObserver(),  # noqa: B008  # has no state
    ) -> None:
        self._database = database
        self._fixtures = fixtures
        self._environment = fixtures.environment
        self._observer = observer

    async def seed(self) -> SeedReport:
        """Writes what is missing or differs; the report tells how it stood before.

        Stamps a database that has no environment yet, and makes the unique indexes. Raises
        EnvironmentMismatchError, with nothing written, and SeedFailedError for documents that the
        server refuses: their batch is then written but for them, and nothing after it.
        """
        with translated():
            await self._claim()
            await self._make_indexes()
            return await self._report(self._write)

    async def compare(self) -> SeedReport:
        """How the fixtures stand in the database; reads only.

        In production it also counts the demo documents, wherever fixtures of any tier could have
        put them. Raises EnvironmentMismatchError.
        """
        with translated():
            await self._stamp()
            return await self._report(self._write_nothing, await self._count_demo_documents())

    async def reset(self) -> tuple[str, ...]:
        """Drops the collections that were seeded, whatever else they hold; their names.

        A database that sqlmig never seeded is left as it is. Raises ConfigError in production,
        before anything is sent, and EnvironmentMismatchError.
        """
        if self._environment is Environment.PRODUCTION:
            raise ConfigError(
                "collections are dropped in development and testing only, and this is production",
                remedy="If it is not, name the environment with --env.",
            )
        with translated():
            if await self._stamp() is None:
                return ()
            collections = sorted(await self._read_ledger())
            for collection in (*collections, _LEDGER):
                await self._database.drop_collection(collection)
            return tuple(collections)

    async def _stamp(self) -> str | None:
        """The environment that the database is stamped with, if it is ours and not another."""
        found = await self._database[_STATE].find_one({"_id": "environment"})
        if found is None:
            return None
        stamp = str(found["value"])
        if stamp != self._environment.value:
            raise EnvironmentMismatchError(
                f"this MongoDB database is stamped {stamp}, and the environment in force is "
                f"{self._environment.value}; nothing was written",
                remedy=f"If it is the right database, use --env {stamp}; else name another one.",
            )
        return stamp

    async def _claim(self) -> None:
        """Stamps the database if it has no stamp; whoever comes second with another is refused."""
        if await self._stamp() is None:
            value = {"value": self._environment.value}
            await _insert_if_absent(self._database[_STATE], "environment", value)
            await self._stamp()

    async def _make_indexes(self) -> None:
        for collection in dict.fromkeys(file.source.collection for file in self._fixtures.files):
            for key in self._fixtures.rules[collection].unique:
                index = [(field, 1) for field in key]
                await self._database[collection].create_index(index, unique=True)

    async def _read_ledger(self) -> dict[str, set[Any]]:
        """The ids that were ever seeded, by collection."""
        ledger: dict[str, set[Any]] = defaultdict(set)
        async for entry in self._collection(_LEDGER).find({}):
            ledger[entry["collection"]].update(entry["ids"])
        return ledger

    async def _count_demo_documents(self) -> dict[str, int]:
        if self._environment is not Environment.PRODUCTION:
            return {}
        counts = {
            collection: await self._database[collection].count_documents({DEMO_FLAG: True})
            for collection in self._fixtures.collections
        }
        return {collection: count for collection, count in counts.items() if count}

    async def _report(
        self, act: _Action, demo_documents: Mapping[str, int] = MappingProxyType({})
    ) -> SeedReport:
        ledger = await self._read_ledger()
        files = [
            await self._go_through(file, ledger[file.source.collection], act)
            for file in self._fixtures.files
        ]
        return SeedReport(self._environment, tuple(files), demo_documents)

    async def _go_through(self, file: Fixture, seeded: set[Any], act: _Action) -> FileReport:
        """Looks at a file's documents batch by batch, and acts on each batch."""
        counts: Counter[DocumentState] = Counter()
        differences: list[Standing] = []
        for batch in _batches(file.documents):
            standings = await self._stand(batch, seeded)
            await act(standings, seeded)
            counts.update(standing.state for standing in standings)
            differences += [standing for standing in standings if standing.is_difference]
            self._observer.loaded(file.source.path, counts.total(), len(file.documents))
        return FileReport(file.source.path, file.source.collection, counts, tuple(differences))

    async def _stand(self, batch: Sequence[Document], seeded: set[Any]) -> list[Standing]:
        collection = self._collection(batch[0].source.collection)
        ids = [document.id for document in batch]
        there = {found["_id"]: found async for found in collection.find({"_id": {"$in": ids}})}
        return [_standing(document, there.get(document.id), seeded) for document in batch]

    async def _write(self, standings: Sequence[Standing], seeded: set[Any]) -> None:
        """Writes the documents, and then that they were seeded: a crash in between is made up for
        by the next run, which finds them there and writes only that."""
        states = WRITTEN[self._environment]
        await self._upsert([each.document for each in standings if each.state in states])
        documents = [each.document for each in standings if each.document.id not in seeded]
        if documents:
            source = documents[0].source
            entry = {
                "collection": source.collection,
                "file": f"{source.tier.value}/{Path(source.path).name}",
                "ids": [document.id for document in documents],
            }
            name = hashlib.sha256(bson.encode(entry)).hexdigest()
            await _insert_if_absent(self._database[_LEDGER], name, entry)

    async def _write_nothing(self, standings: Sequence[Standing], seeded: set[Any]) -> None:
        """What looking does with a batch."""

    async def _upsert(self, documents: list[Document]) -> None:
        """One unordered bulk of upserts by `_id`, which commute with those of other seeders."""
        operator = "$setOnInsert" if self._environment is Environment.PRODUCTION else "$set"
        while documents:
            requests = [
                # An empty operator is an error to servers before 5.0.
                UpdateOne(
                    {"_id": each.id}, {operator: each.fields or {"_id": each.id}}, upsert=True
                )
                for each in documents
            ]
            collection = self._database[documents[0].source.collection]
            try:
                await collection.bulk_write(requests, ordered=False)
                return
            except BulkWriteError as error:
                documents = raced(error, documents)

    def _collection(self, name: str) -> Any:
        """The collection, for reading: its values come as those of the fixtures do."""
        return self._database[name].with_options(codec_options=CODEC)


async def _insert_if_absent(collection: Any, name: str, fields: Mapping[str, Any]) -> None:
    with suppress(DuplicateKeyError):  # another seeder inserted it at the same moment
        await collection.update_one({"_id": name}, {"$setOnInsert": fields}, upsert=True)


def _batches(documents: Sequence[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for document in documents:
        size += len(document.encoded)
        if batch and (len(batch) == _BATCH_DOCUMENTS or size > _BATCH_BYTES):
            yield batch
            batch, size = [], len(document.encoded)
        batch.append(document)
    if batch:
        yield batch


def _standing(document: Document, found: Mapping[str, Any] | None, seeded: set[Any]) -> Standing:
    if found is None:
        was_there = document.id in seeded
        return Standing(document, DocumentState.DELETED if was_there else DocumentState.NEW)
    wrong = tuple(
        name
        for name, value in document.fields.items()
        if name not in found or not _is_same(value, found[name])
    )
    return Standing(document, DocumentState.CHANGED if wrong else DocumentState.UNCHANGED, wrong)


def _is_same(left: Any, right: Any) -> bool:
    """Whether two values are equal and of one type, the width of integers and the order of keys
    aside: to Python 1, 1.0 and True are equal."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_is_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_is_same, left, right))
    kinds = [int if isinstance(value, Int64) else type(value) for value in (left, right)]
    is_nan = left != left and right != right  # what NaN is known by
    return kinds[0] is kinds[1] and (left == right or is_nan)
