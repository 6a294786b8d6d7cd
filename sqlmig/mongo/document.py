"""One document of a fixture, and the place of whatever is wrong in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions

from sqlmig.errors import FixtureError
from sqlmig.model import Location
from sqlmig.mongo.tiers import Tier
from sqlmig.source.json_text import Path, offset_of

# How documents are read, from fixtures and from the server alike, so that they compare.
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


@dataclass(frozen=True, slots=True)
class Source:
    """A file of documents, its text without byte order mark."""

    path: str
    tier: Tier
    collection: str
    text: str

    def problem(
        self,
        message: str,
        offset: int = 0,
        *,
        document: int | None = None,
        path: Path = (),
        remedy: str = "",
    ) -> FixtureError:
        """The error at that character, or where the path begins in the document there."""
        place = Location.at(self.path, self.text, offset_of(self.text, offset, path))
        return FixtureError(
            message,
            location=Location(self.path, place.position),
            remedy=remedy,
            document=document,
            field=_shown(path),
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A document that can be stored: `index` counts from 0, `offset` is where it begins in the
    text; `encoded` is BSON, which takes a tenth of the memory of Python's objects."""

    source: Source
    index: int
    offset: int
    id: Any
    encoded: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """Its fields as the server would give them back, without `_id`."""
        fields = bson.decode(self.encoded, CODEC)
        del fields["_id"]
        return fields

    @property
    def place(self) -> str:
        """Where it stands: path:line:column."""
        return str(self.problem("").location)

    def problem(self, message: str, path: Path = (), remedy: str = "") -> FixtureError:
        """An error in this document, at its place."""
        return self.source.problem(
            message, self.offset, document=self.index, path=path, remedy=remedy
        )


def _shown(path: Path) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")
