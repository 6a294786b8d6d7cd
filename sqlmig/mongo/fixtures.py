"""Reads and checks all fixtures of a project before any connection is opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlmig.errors import FixtureError
from sqlmig.model import Environment
from sqlmig.mongo.document import Document, Documents
from sqlmig.mongo.files import TIERS, Source, Tier, list_files
from sqlmig.mongo.rules import (
    CollectionRules,
    dangling_references,
    problems,
    read_rules,
)
from sqlmig.source.folders import raise_all

_MOST_PROBLEMS = 50  # reported at once; further ones are likely to repeat them


@dataclass(frozen=True, slots=True)
class Fixtures:
    """The documents of every tier, by file in loading order, and the rules of each collection. No
    document is kept in memory: each use reads the files again."""

    documents: Mapping[Source, Documents]
    rules: Mapping[str, CollectionRules]

    def of(self, environment: Environment) -> Mapping[Source, Documents]:
        """The files and documents for a database of that environment."""
        tiers = TIERS[environment]
        return {source: found for source, found in self.documents.items() if source.tier in tiers}


def read_fixtures(folder: Path) -> Fixtures:
    """The fixtures of all tiers in the folder, read and checked; opens no connection.

    Raises FixtureError with its location, or UnusableFilesError with several (up to fifty).
    """
    sources, schemas = list_files(folder)
    collections = list(dict.fromkeys(source.collection for source in sources))
    rules = {
        name: read_rules(schemas[name], collections[: index + 1])
        if name in schemas
        else CollectionRules()
        for index, name in enumerate(collections)
    }
    documents = {each: Documents(each, rules[each.collection].id_from) for each in sources}
    fixtures = Fixtures(documents, rules)
    raise_all(list(islice(_Check(fixtures).problems(), _MOST_PROBLEMS)))
    return fixtures


class _Check:
    """One pass over the files, which records the `_id` and the place of every document."""

    def __init__(self, fixtures: Fixtures) -> None:
        self._fixtures = fixtures
        self._ids: dict[str, dict[Source, dict[Any, int]]] = defaultdict(dict)
        self._unresolved: list[Documents] = []

    def problems(self) -> Iterator[FixtureError]:
        """Reads the files and yields their errors."""
        for documents in self._fixtures.documents.values():
            yield from self._read(documents)
        for documents in self._unresolved:
            rules = self._fixtures.rules[documents.source.collection]
            for document in documents.read():
                if isinstance(document, Document):
                    yield from dangling_references(document, rules, self._ids)

    def _read(self, documents: Documents) -> Iterator[FixtureError]:
        source = documents.source
        ids, rules = self._ids[source.collection], self._fixtures.rules[source.collection]
        own = ids[source] = {}
        known = {other: ids[other] for other in ids if _meet(other.tier, source.tier)}
        is_resolved = True
        for document in documents.read():
            if isinstance(document, FixtureError):
                yield document
                continue
            for other, places in known.items():
                if document.id in places:
                    yield _used_twice(document, other, places[document.id])
            own.setdefault(document.id, document.place.line << 32 | document.place.column)
            yield from problems(document, rules)
            if is_resolved and rules.references:
                # The referenced document may come later, in which case this file is read again.
                is_resolved = next(dangling_references(document, rules, self._ids), None) is None
        if not is_resolved:
            self._unresolved.append(documents)


def _meet(tier: Tier, other: Tier) -> bool:
    """Whether a database can have documents of both tiers."""
    return tier is other or Tier.REFERENCE in (tier, other)


def _used_twice(document: Document, source: Source, place: int) -> FixtureError:
    line, column = divmod(place, 1 << 32)
    known = f"{source.path}:{line}:{column}"
    message = f"the _id {document.id!r} is already used by {known}"
    return document.place.problem(message, ("_id",), "Change one of them.")
