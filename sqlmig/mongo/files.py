"""The folder of fixtures: which files there are, and which collections they fill for whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from sqlmig.errors import FixtureError, SourceError
from sqlmig.model import Environment, Location
from sqlmig.source.files import read_script

_COLLECTION = "([a-z][a-z0-9_]*)"
_FIXTURE = re.compile(rf"(reference|testing|(demo))/(\d+)_{_COLLECTION}(?(2)\.demo)\.json")
_SCHEMA = re.compile(rf"schemas/{_COLLECTION}\.json")
_NAMES = (
    "reference/10_classes.json, testing/40_students.json, demo/40_students.demo.json or, for a "
    "collection that has fixtures, schemas/classes.json"
)


class Tier(Enum):
    """Which databases a fixture is for: each tier is a folder of that name."""

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
    """A file of documents: files load in the order of `order`, then of their collections."""

    path: str
    tier: Tier
    order: int
    collection: str

    @cached_property
    def text(self) -> str:
        """Its text, without byte order mark. Raises FixtureError for what is no UTF-8 text."""
        try:
            return read_script(Path(self.path)).text
        except SourceError as error:
            raise FixtureError(
                error.message, location=error.location, remedy=error.remedy
            ) from error


def list_files(folder: Path) -> tuple[tuple[Source, ...], dict[str, Path]]:
    """The files of all tiers in the order in which they load, and the schema of each collection.

    No file is opened; hidden ones are skipped. Raises FixtureError for any other name: a file
    that nobody reads is a mistake that nobody sees.
    """
    if not folder.is_dir():
        raise _misplaced(folder, "no such folder", "Create it, or name yours: `mongo_seeds`.")
    sources, schemas = [], {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or name.startswith(".") or "/." in name:
            continue
        if (fixture := _FIXTURE.fullmatch(name)) and path.is_file():
            sources.append(Source(str(path), Tier(fixture[1]), int(fixture[3]), fixture[4]))
        elif (schema := _SCHEMA.fullmatch(name)) and path.is_file():
            schemas[schema[1]] = path
        else:
            raise _misplaced(path, "not named as a fixture", f"Name it as in {_NAMES}.")
    for collection in schemas.keys() - {source.collection for source in sources}:
        raise _misplaced(schemas[collection], "not a collection with fixtures", f"Name: {_NAMES}.")
    tiers = list(Tier)
    sources.sort(key=lambda each: (each.order, each.collection, tiers.index(each.tier)))
    return tuple(sources), schemas


def _misplaced(path: Path, message: str, remedy: str) -> FixtureError:
    return FixtureError(message, location=Location(str(path)), remedy=remedy)
