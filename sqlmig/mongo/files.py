"""The folder of fixtures: its files, the collections that they fill, and the environments that they
are for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

from sqlmig.errors import FixtureError
from sqlmig.model import Environment, Location

_FIXTURE = re.compile(
    r"(reference|testing|(demo))/(\d+)_([^/]+?)(?(2)\.demo|(?<!\.demo))\.(?:json|jsonl|ndjson)"
)
_SCHEMA = re.compile(r"schemas/([^/]+)\.json")
_NAMES = (
    "reference/10_classes.json, testing/40_students.json, demo/40_students.demo.json or, for a "
    "collection that has fixtures, schemas/classes.json"
)


class Tier(Enum):
    """Which databases a fixture is for; each tier is a folder of that name."""

    REFERENCE = "reference"
    DEMO = "demo"
    TESTING = "testing"


TIERS: Mapping[Environment, tuple[Tier, ...]] = MappingProxyType(
    {
        Environment.DEVELOPMENT: (Tier.REFERENCE, Tier.DEMO),
        Environment.TESTING: (Tier.REFERENCE, Tier.TESTING),
        Environment.PRODUCTION: (Tier.REFERENCE,),
    }
)


@dataclass(frozen=True)
class Source:
    """A file of documents; files load in the order of `order`, then of their collections."""

    path: str
    tier: Tier
    order: int
    collection: str


def list_files(folder: Path) -> tuple[tuple[Source, ...], dict[str, Path]]:
    """The files of all tiers in loading order, and the schema file of each collection.

    No file is opened; hidden files are skipped. Raises FixtureError for any other name: a file that
    is silently not read is a mistake that nobody notices.
    """
    if not folder.is_dir():
        raise _misplaced(folder, "no such folder", "Create it, or name yours: `mongo_seeds`.")
    sources, schemas = [], {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or name.startswith(".") or "/." in name:
            continue
        if (fixture := _FIXTURE.fullmatch(name)) and path.is_file():
            collection = _collection(fixture[4], path)
            sources.append(Source(str(path), Tier(fixture[1]), int(fixture[3]), collection))
        elif (schema := _SCHEMA.fullmatch(name)) and path.is_file():
            schemas[_collection(schema[1], path)] = path
        else:
            raise _misplaced(path, "not named like a fixture", f"Name it as in {_NAMES}.")
    for collection in schemas.keys() - {source.collection for source in sources}:
        raise _misplaced(
            schemas[collection], "not a collection with fixtures", f"Name it as in {_NAMES}."
        )
    tiers = list(Tier)
    sources.sort(key=lambda each: (each.order, each.collection, tiers.index(each.tier)))
    return tuple(sources), schemas


def _collection(name: str, path: Path) -> str:
    """The collection in a file's name, with %2F for a slash and %25 for a percent sign.

    https://www.mongodb.com/docs/manual/reference/limits/#std-label-restrictions-on-collection-names
    """
    with suppress(UnicodeError):
        collection = unquote(name, errors="strict")
        collection.encode()
        if not re.search(r"[$\0]|^system\.|^_sqlmig_|^\.|\.\.|\.$", collection):
            return collection
    message = f"{name!r} cannot be the name of a collection"
    remedy = "It must have no $, no dot at an end, and not begin with system. or _sqlmig_."
    raise _misplaced(path, message, remedy)


def _misplaced(path: Path, message: str, remedy: str) -> FixtureError:
    return FixtureError(message, location=Location(str(path)), remedy=remedy)
