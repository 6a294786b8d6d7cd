"""Reads and checks the fixtures of an environment: all of them, before any connection is opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bson
from bson.binary import Binary
from bson.objectid import ObjectId

from sqlmig.errors import FixtureError, SourceError
from sqlmig.model import Environment, Location
from sqlmig.mongo.document import Document, Source
from sqlmig.mongo.extended_json import RefusedValueError, converted
from sqlmig.mongo.layout import FixturePath, read_layout
from sqlmig.mongo.rules import Rules, dangling_references, problems, read_rules
from sqlmig.mongo.tiers import TIERS
from sqlmig.source.files import read_script
from sqlmig.source.folders import raise_all
from sqlmig.source.json_text import NotJsonError, Part, items

_LARGEST_BYTES = 16 * 1024 * 1024  # "MongoDB Limits and Thresholds"
_MOST_PROBLEMS = 50  # told at once; more of them are likely to be the same again
_IDS = (str, int, ObjectId, Binary)


@dataclass(frozen=True, slots=True)
class Fixture:
    """A file with its documents in order."""

    source: Source
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Fixtures:
    """What an environment is seeded with: files in the order in which they load, and their rules.

    `collections` are those of all tiers, also the ones that this environment does not get.
    """

    environment: Environment
    files: tuple[Fixture, ...]
    rules: Mapping[str, Rules]
    collections: tuple[str, ...]


def read_fixtures(folder: Path, environment: Environment) -> Fixtures:
    """The fixtures of that environment's tiers; opens no connection.

    Raises FixtureError, at the place, or UnusableFilesError with all of them (the first fifty).
    """
    layout = read_layout(folder)
    rules = {collection: Rules() for collection in layout.collections}
    for collection, path in layout.schemas.items():
        rules[collection] = read_rules(path, collection, layout.collections)
    reading = _Reading(rules)
    paths = [path for path in layout.fixtures if path.tier in TIERS[environment]]
    files = tuple(reading.read(path) for path in paths)
    reading.check_references(files)
    raise_all(reading.problems)
    return Fixtures(environment, files, rules, layout.collections)


class _Reading:
    """One pass over the files, which remembers every `_id` and every problem."""

    def __init__(self, rules: Mapping[str, Rules]) -> None:
        self.problems: list[SourceError] = []
        self._rules = rules
        self._ids: dict[str, dict[Any, Document]] = defaultdict(dict)

    def read(self, path: FixturePath) -> Fixture:
        source = Source(str(path.path), path.tier, path.collection, _text(path.path))
        return Fixture(source, tuple(self._documents(source)))

    def check_references(self, files: tuple[Fixture, ...]) -> None:
        for file in files:
            rules = self._rules[file.source.collection]
            for document in file.documents if rules.references else ():
                for problem in dangling_references(document, rules, self._ids):
                    self._add(problem)

    def _documents(self, source: Source) -> Iterator[Document]:
        try:
            for part in items(source.text):
                try:
                    yield self._document(source, part)
                except FixtureError as problem:
                    self._add(problem)
        except NotJsonError as error:
            self._add(source.problem(str(error), error.offset, remedy="Mend the file."))

    def _document(self, source: Source, part: Part) -> Document:
        document = _document(source, part)
        known = self._ids[source.collection].setdefault(document.id, document)
        if known is not document:
            raise document.problem(
                f"the _id {document.id!r} is also that of {known.place}",
                ("_id",),
                "Give one of them another.",
            )
        for problem in problems(document, self._rules[source.collection]):
            self._add(problem)
        return document

    def _add(self, problem: SourceError) -> None:
        self.problems.append(problem)
        if len(self.problems) == _MOST_PROBLEMS:
            raise_all(self.problems)


def _text(path: Path) -> str:
    """The text of a file, without byte order mark; its errors do not show their line."""
    try:
        return read_script(path).text
    except SourceError as error:
        place = Location(error.location.path, error.location.position)
        raise FixtureError(error.message, location=place, remedy=error.remedy) from error


def _document(source: Source, part: Part) -> Document:
    """The document, if it can be stored as it is. Raises FixtureError."""
    try:
        fields = converted(part.value)
    except RefusedValueError as error:
        raise source.problem(
            str(error),
            part.begins,
            document=int(part.name),
            path=error.path,
            remedy=error.remedy,
        ) from error
    problem = ""
    if not isinstance(fields, dict):
        problem = "not a document: each item of the array is an object"
    elif "_id" not in fields:
        problem = "no _id: each run would add the document again"
    elif isinstance(fields["_id"], bool) or not isinstance(fields["_id"], _IDS):
        problem = "an _id is text, a whole number, an ObjectId or a UUID"
    elif len(encoded := bson.encode(fields)) > _LARGEST_BYTES:
        problem = f"{len(encoded):,} bytes, and MongoDB stores at most {_LARGEST_BYTES:,}"
    if problem:
        raise source.problem(problem, part.begins, document=int(part.name))
    return Document(source, int(part.name), part.begins, fields["_id"], encoded)
