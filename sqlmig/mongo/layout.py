"""The folder of fixtures: `<tier>/<order>_<collection>.json`, and `schemas/<collection>.json`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlmig.errors import FixtureError
from sqlmig.model import Location
from sqlmig.mongo.tiers import Tier

_COLLECTION = "[a-z][a-z0-9_]*"
_DEMO_MARK = ".demo"
_FIXTURE = re.compile(rf"(\d+)_({_COLLECTION}?)({re.escape(_DEMO_MARK)})?\.json")
_SCHEMA = re.compile(rf"({_COLLECTION})\.json")
_SCHEMAS = "schemas"


@dataclass(frozen=True, slots=True)
class FixturePath:
    """A file of documents: which collection they go to, and in which order the files load."""

    path: Path
    tier: Tier
    order: int
    collection: str


@dataclass(frozen=True, slots=True)
class Layout:
    """All files of all tiers in the order in which they load, and the schema of each collection."""

    fixtures: tuple[FixturePath, ...]
    schemas: dict[str, Path]

    @property
    def collections(self) -> tuple[str, ...]:
        """The collections that fixtures of any tier fill, each once, in order."""
        return tuple(dict.fromkeys(fixture.collection for fixture in self.fixtures))


def read_layout(folder: Path) -> Layout:
    """What lies in the folder; the files themselves are not opened.

    Hidden files are passed over. Raises FixtureError for anything else that is no fixture, no
    schema, or not where it belongs: a file that nobody reads is a mistake that nobody sees.
    """
    if not folder.is_dir():
        raise _misplaced(folder, "no such folder", "Make it, or name yours: `mongo_seeds`.")
    tiers = [tier.value for tier in Tier]
    for path in _visible(folder):
        if path.name not in (*tiers, _SCHEMAS) or not path.is_dir():
            remedy = f"Here belong the folders {', '.join(tiers)} and {_SCHEMAS}."
            raise _misplaced(path, "not a folder of fixtures", remedy)
    fixtures = [_fixture(path, tier) for tier in Tier for path in _visible(folder / tier.value)]
    fixtures.sort(key=lambda fixture: (fixture.order, fixture.collection))
    layout = Layout(tuple(fixtures), {})
    for path in _visible(folder / _SCHEMAS):
        layout.schemas[_schema_collection(path, layout.collections)] = path
    return layout


def _visible(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if not path.name.startswith("."))


def _fixture(path: Path, tier: Tier) -> FixturePath:
    match = _FIXTURE.fullmatch(path.name)
    mark = _DEMO_MARK if tier is Tier.DEMO else ""
    if match is None or (match[3] or "") != mark or not path.is_file():
        remedy = f"Name it <order>_<collection>{mark}.json, such as 10_classes{mark}.json."
        raise _misplaced(path, f"not named as a fixture of the tier {tier.value}", remedy)
    return FixturePath(path, tier, int(match[1]), match[2])


def _schema_collection(path: Path, collections: tuple[str, ...]) -> str:
    match = _SCHEMA.fullmatch(path.name)
    if match is None or match[1] not in collections:
        remedy = f"Name it <collection>.json; there are fixtures for {', '.join(collections)}."
        raise _misplaced(path, "not named as the schema of a collection with fixtures", remedy)
    return match[1]


def _misplaced(path: Path, message: str, remedy: str) -> FixtureError:
    return FixtureError(message, location=Location(str(path)), remedy=remedy)
