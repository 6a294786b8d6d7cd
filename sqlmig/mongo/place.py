"""The place of a document in a fixture, and of an error in the document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from sqlmig.errors import FixtureError
from sqlmig.model import Location, Position
from sqlmig.mongo.files import Source

Path = tuple[str | int, ...]
_BETWEEN = re.compile(r"[ \t\r\n,:]*")
_DECODER = json.JSONDecoder(parse_int=str)  # Python refuses to parse very long integers


class Place(NamedTuple):
    """Where a document begins, and its JSON. `number` counts from 0, and is None for the file
    itself; `line` and `column` count from 1."""

    source: Source
    line: int
    column: int
    number: int | None = None
    text: str = ""

    def problem(self, message: str, path: Path = (), remedy: str = "") -> FixtureError:
        """An error at that document, or at the path within it."""
        offset = _offset_of(self.text, path)
        line = self.line + self.text.count("\n", 0, offset)
        since_line_end = offset - self.text.rfind("\n", 0, offset)
        column = since_line_end if line > self.line else self.column + offset
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        return FixtureError(
            message,
            location=Location(self.source.path, Position(line, column)),
            remedy=remedy,
            document=self.number,
            field="".join(steps).removeprefix("."),
        )

    @property
    def is_plain(self) -> bool:
        """Whether the document is stored as written, without wrapped types and escapes."""
        return "$" not in self.text and "\\" not in self.text

    def __str__(self) -> str:
        return f"{self.source.path}:{self.line}:{self.column}"


def _offset_of(text: str, path: Path) -> int:
    """The offset of the path in the JSON; of a duplicate key, the last one counts.

    If part of the path does not exist (a missing member), the offset of its last existing part.
    """
    begins = offset = 0
    for step in path:
        found = [part for part in _parts(text, offset) if part[0] == step]
        if not found:
            break
        _, begins, offset = found[-1]
    return begins


def _parts(text: str, offset: int) -> Iterator[tuple[str | int, int, int]]:
    """The parts of the object or array at `offset`: name, its own offset, and the offset of its
    value."""
    name: str | int
    is_object, index = text[offset] == "{", 0
    begins = _next(text, offset + 1)
    while text[begins] not in "]}":
        name, offset = index, begins
        if is_object:
            name, offset = _DECODER.raw_decode(text, begins)
            offset = _next(text, offset)
        yield name, begins, offset
        index, begins = index + 1, _next(text, _DECODER.raw_decode(text, offset)[1])


def _next(text: str, offset: int) -> int:
    match = _BETWEEN.match(text, offset)
    return match.end() if match else offset
