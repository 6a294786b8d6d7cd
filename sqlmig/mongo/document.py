"""One document of a fixture, and the place of whatever is wrong in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion

from sqlmig.errors import FixtureError
from sqlmig.model import Location
from sqlmig.mongo.files import Source
from sqlmig.mongo.json_text import Path, offset_of

# How documents are read, from fixtures and from the server alike, so that they compare.
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document begins: `index` counts from 0, and is None where the file itself is meant;
    `offset` is in characters."""

    source: Source
    index: int | None
    offset: int

    def problem(self, message: str, path: Path = (), remedy: str = "") -> FixtureError:
        """An error there, or where the path begins within the document."""
        text = self.source.text
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        return FixtureError(
            message,
            location=Location.at(self.source.path, text, offset_of(text, self.offset, path)),
            remedy=remedy,
            document=self.index,
            field="".join(steps).removeprefix("."),
        )

    def __str__(self) -> str:
        return str(self.problem("").location)


@dataclass(frozen=True, slots=True)
class Document(Place):
    """A document that can be stored; `encoded` is BSON, a tenth of the size of Python's objects."""

    id: Any
    encoded: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """Its fields as the server would give them back, without `_id`."""
        fields = bson.decode(self.encoded, CODEC)
        del fields["_id"]
        return fields
