"""Reads and checks the fixtures of a project: all of them, before any connection is opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import bson

from sqlmig.errors import FixtureError
from sqlmig.model import Environment
from sqlmig.mongo.document import Document, Place
from sqlmig.mongo.extended_json import RefusedValueError, converted
from sqlmig.mongo.files import TIERS, Source, Tier, list_files
from sqlmig.mongo.json_text import NotJsonError, items
from sqlmig.mongo.rules import (
    CollectionRules,
    dangling_references,
    kind_of,
    problems,
    read_rules,
)
from sqlmig.source.folders import raise_all

_LARGEST_BYTES = 16 * 1024 * 1024  # "MongoDB Limits and Thresholds"
_MOST_PROBLEMS = 50  # told at once; more of them are likely to be the same again

Documents = Mapping[Source, list[Document]]


@dataclass(frozen=True, slots=True)
class Fixtures:
    """The documents of every tier, by file in the order in which they load, and the rules of each
    collection."""

    documents: Documents
    rules: Mapping[str, CollectionRules]

    def of(self, environment: Environment) -> Documents:
        """Those that belong into a database of that environment."""
        tiers = TIERS[environment]
        return {source: found for source, found in self.documents.items() if source.tier in tiers}


def read_fixtures(folder: Path) -> Fixtures:
    """The fixtures in the folder, of all tiers; opens no connection.

    Raises FixtureError, at the place, or UnusableFilesError with all of them (the first fifty).
    """
    sources, schemas = list_files(folder)
    collections = list(dict.fromkeys(source.collection for source in sources))
    rules = {
        name: read_rules(schemas[name], collections[: index + 1])
        if name in schemas
        else CollectionRules()
        for index, name in enumerate(collections)
    }
    reading = _Reading(rules)
    raise_all(list(islice(reading.problems(sources), _MOST_PROBLEMS)))
    return Fixtures(reading.documents, rules)


class _Reading:
    """One pass over the files, which remembers every document."""

    def __init__(self, rules: Mapping[str, CollectionRules]) -> None:
        self.documents: dict[Source, list[Document]] = {}
        self._rules = rules
        self._ids: dict[str, dict[Any, list[Document]]] = defaultdict(lambda: defaultdict(list))

    def problems(self, sources: tuple[Source, ...]) -> Iterator[FixtureError]:
        """Reads the files, and tells what is wrong in them."""
        for source in sources:
            self.documents[source] = []
            yield from self._read(source)
        for source, documents in self.documents.items():
            for document in documents:
                yield from dangling_references(document, self._rules[source.collection], self._ids)

    def _read(self, source: Source) -> Iterator[FixtureError]:
        try:
            for part in items(source.text):
                yield from self._add(Place(source, int(part.name), part.begins), part.value)
        except NotJsonError as error:
            yield Place(source, None, error.offset).problem(str(error), remedy="Fix the file.")
        except FixtureError as error:
            yield error

    def _add(self, place: Place, value: Any) -> Iterator[FixtureError]:
        try:
            document = _document(place, value)
        except RefusedValueError as error:
            yield place.problem(str(error), error.path, error.remedy)
            return
        namesakes = self._ids[place.source.collection][document.id]
        for known in namesakes:
            if (
                Tier.REFERENCE in (tiers := {known.source.tier, place.source.tier})
                or len(tiers) < 2
            ):
                message = f"the _id {document.id!r} is already used by {known}"
                yield document.problem(message, ("_id",), "Change one of them.")
        namesakes.append(document)
        self.documents[place.source].append(document)
        yield from problems(document, self._rules[place.source.collection])


def _document(place: Place, value: Any) -> Document:
    """The document, if it can be stored as it is. Raises RefusedValueError."""
    fields = converted(value)
    if not isinstance(fields, dict):
        raise RefusedValueError("not a document: each item of the array is an object", ())
    if "_id" not in fields:
        raise RefusedValueError("no _id: each run would add the document again", ())
    for name in fields:
        if not name or name.startswith("$") or "." in name:
            message = "a top-level field name must not be empty, begin with $ or contain a dot"
            raise RefusedValueError(message, (name,), "Rename it: an update could not name it.")
    if kind_of(fields["_id"]) is None:
        kinds = "text, a whole number, an ObjectId or a UUID"
        raise RefusedValueError(f"an _id is {kinds}", ("_id",))
    if (size := len(encoded := bson.encode(fields))) > _LARGEST_BYTES:
        message = f"{size:,} bytes, and MongoDB stores at most {_LARGEST_BYTES:,}"
        raise RefusedValueError(message, ())
    return Document(place.source, place.index, place.offset, fields["_id"], encoded)
