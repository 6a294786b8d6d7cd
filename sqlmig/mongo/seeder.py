"""Brings a database in line with its fixtures, as far as its environment allows."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import bson
from bson import CodecOptions, DatetimeConversion, json_util
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from sqlmig.errors import ConfigError
from sqlmig.model import Environment
from sqlmig.mongo.connection import AsyncDatabase, confirmed
from sqlmig.mongo.document import Document, Documents
from sqlmig.mongo.files import Source
from sqlmig.mongo.fixtures import Fixtures
from sqlmig.mongo.refusals import raced, translated
from sqlmig.mongo.results import DocumentState, FileReport, FixturesReport, Standing
from sqlmig.mongo.rules import DEMO_FLAG
from sqlmig.mongo.stamp import insert_if_absent, read_stamp

# The seeded ids, one document per batch: appending to a single list takes the server time that
# grows with the square of its length.
_LEDGER = "_sqlmig_seeds"
_BATCH_DOCUMENTS = 1_000
_BATCH_CHARACTERS = 8_000_000  # of JSON

# Called during loading with the file, the number of its documents that are done, and their total.
Loaded = Callable[[str, int, int], None]
# Documents are read from the server with the types that fixtures use, so that they can be compared.
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)


class MongoSeeder:
    """Seeds one database with the fixtures of one environment.

    In development and testing, documents get the fields of their fixtures; fields that the
    application added stay. In production, a document is added if it was never there, and nothing
    else is written. Several seeders may run at once: they converge. Every method raises
    EnvironmentMismatchError if the database is stamped with another environment, and
    DatabaseUnavailableError or ExecutionError for the server's errors.
    """

    def __init__(
        self,
        database: AsyncDatabase,
        fixtures: Fixtures,
        environment: Environment,
    ) -> None:
        self.database = confirmed(database)
        self._fixtures = fixtures
        self._environment = environment

    async def seed(self, loaded: Loaded | None = None) -> FixturesReport:
        """Writes what is missing or differs; the report has the states before that.

        Creates the unique indexes first. Raises DocumentsRefusedError for documents that the server
        refuses: the rest of their batch is written, and nothing after it.
        """
        await read_stamp(self.database, self._environment)
        with translated():
            for collection in dict.fromkeys(source.collection for source in self._documents):
                for key in self._fixtures.rules[collection].unique:
                    index = [(field, 1) for field in key]
                    await self.database[collection].create_index(index, unique=True)
            return await self._report(loaded, writes=True)

    async def compare(self, loaded: Loaded | None = None) -> FixturesReport:
        """The state of the fixtures in the database; reads only."""
        await read_stamp(self.database, self._environment)
        with translated():
            report = await self._report(loaded, writes=False)
            return replace(report, demo_documents=await self._count_demo_documents())

    async def has_history(self) -> bool:
        """Whether anything was ever seeded; reads only."""
        with translated():
            return await self._collection(_LEDGER).find_one({}) is not None

    async def reset(self) -> tuple[str, ...]:
        """Drops the collections that were seeded, including anything else in them; returns their
        names.

        A database that sqlmig never seeded is left as it is. Raises ConfigError in production,
        before anything is sent.
        """
        if self._environment is Environment.PRODUCTION:
            raise ConfigError(
                "collections are dropped only in development and testing, but this is production",
                remedy="If it is not, name the environment with --env.",
            )
        await read_stamp(self.database, self._environment)
        with translated():
            collections = sorted(await self._read_ledger())
            for collection in (*collections, _LEDGER) if collections else ():
                await self.database.drop_collection(collection)
            return tuple(collections)

    @property
    def _documents(self) -> Mapping[Source, Documents]:
        return self._fixtures.of(self._environment)

    async def _read_ledger(self) -> dict[str, set[Any]]:
        """The ids that were ever seeded, by collection."""
        ledger: dict[str, set[Any]] = defaultdict(set)
        async for entry in self._collection(_LEDGER).find({}):
            ledger[entry["collection"]].update(entry["ids"])
        return ledger

    async def _count_demo_documents(self) -> dict[str, int]:
        """The number of demo documents in production, in all collections that fixtures of any tier
        fill."""
        if self._environment is not Environment.PRODUCTION:
            return {}
        counts = {
            collection: await self.database[collection].count_documents({DEMO_FLAG: True})
            for collection in self._fixtures.rules
        }
        return {collection: count for collection, count in counts.items() if count}

    async def _report(self, loaded: Loaded | None, *, writes: bool) -> FixturesReport:
        """Compares the documents of each file batch by batch. Either writes each batch, or finds
        the documents that are no longer in any fixture."""
        ledger = await self._read_ledger()
        gone = defaultdict(set, {collection: set(ids) for collection, ids in ledger.items()})
        files = {}
        for source, documents in self._documents.items():
            seeded, found = ledger[source.collection], FileReport()
            for batch in _batches(documents):
                standings = await self._compared(batch, seeded)
                if writes:
                    await self._write(batch, standings, seeded)
                gone[source.collection].difference_update(each.id for each in standings)
                found.add(standings)
                if loaded:
                    loaded(source.path, found.counts.total(), len(documents))
            files[source] = found
        removed = {} if writes else await self._removed(gone)
        return FixturesReport(self._environment, files, removed)

    async def _removed(self, gone: Mapping[str, set[Any]]) -> dict[str, tuple[Any, ...]]:
        """The documents among these that still exist and are in no environment's fixtures."""
        for source, documents in self._fixtures.documents.items():
            if source not in self._documents and gone.get(source.collection):
                gone[source.collection].difference_update(each.id for each in documents)
        removed = {}
        for collection, ids in gone.items():
            wanted, found = iter(sorted(ids, key=str)), []
            while batch := list(islice(wanted, _BATCH_DOCUMENTS)):
                there = self._collection(collection).find({"_id": {"$in": batch}}, {"_id": 1})
                found += [each["_id"] async for each in there]
            if found:
                removed[collection] = tuple(sorted(found, key=str))
        return removed

    async def _compared(self, batch: Sequence[Document], seeded: set[Any]) -> list[Standing]:
        collection = self._collection(batch[0].place.source.collection)
        ids = [document.id for document in batch]
        there = {found["_id"]: found async for found in collection.find({"_id": {"$in": ids}})}
        return [_standing(document, there.get(document.id), seeded) for document in batch]

    async def _write(
        self, batch: Sequence[Document], standings: Sequence[Standing], seeded: set[Any]
    ) -> None:
        """Writes the documents, and then records that they were seeded: after a crash in between,
        the next run finds them and writes only the record."""
        states = zip(batch, standings, strict=True)
        written = [each for each, at in states if at.state.is_written_in(self._environment)]
        await self._upsert(written)
        ids = [document.id for document in batch if document.id not in seeded]
        if ids:
            entry = {"collection": batch[0].place.source.collection, "ids": ids}
            name = hashlib.sha256(bson.encode(entry)).hexdigest()
            await insert_if_absent(self.database[_LEDGER], name, entry)

    async def _upsert(self, documents: list[Document]) -> None:
        """An unordered bulk of upserts by `_id`, which commute with those of other seeders."""
        operator = "$setOnInsert" if self._environment is Environment.PRODUCTION else "$set"
        while documents:
            requests = [
                # Servers before 5.0 refuse an empty operator.
                UpdateOne(
                    {"_id": each.id}, {operator: _settable(each) or {"_id": each.id}}, upsert=True
                )
                for each in documents
            ]
            collection = self.database[documents[0].place.source.collection]
            try:
                await collection.bulk_write(requests, ordered=False)
                return
            except BulkWriteError as error:
                documents = raced(error, documents)

    def _collection(self, name: str) -> Any:
        """The collection, for reading: its values have the types that fixtures use."""
        return self.database[name].with_options(codec_options=CODEC)


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for document in documents:
        size += len(document.place.text)
        if batch and (len(batch) == _BATCH_DOCUMENTS or size > _BATCH_CHARACTERS):
            yield batch
            batch, size = [], len(document.place.text)
        batch.append(document)
    if batch:
        yield batch


def _settable(document: Document) -> dict[str, Any]:
    return {name: value for name, value in document.fields.items() if name != "_id"}


def _standing(document: Document, found: Mapping[str, Any] | None, seeded: set[Any]) -> Standing:
    state = DocumentState.UNCHANGED
    wrong: tuple[str, ...] = ()
    if found is None:
        state = DocumentState.DELETED if document.id in seeded else DocumentState.NEW
    elif wrong := tuple(
        name
        for name, value in document.fields.items()
        if name not in found or not _is_same(value, found[name])
    ):
        state = DocumentState.CHANGED
    return Standing(str(document.place), document.place.number, document.id, state, wrong)


def _is_same(left: Any, right: Any) -> bool:
    """Whether two values are equal and of the same type, ignoring the width of integers and the
    order of keys; in Python, 1, 1.0 and True are equal."""
    if bson.encode({"": left}) == bson.encode({"": right}):
        return True
    one, other = (
        json_util.dumps(value, json_options=json_util.RELAXED_JSON_OPTIONS, sort_keys=True)
        for value in (left, right)
    )
    return one == other
