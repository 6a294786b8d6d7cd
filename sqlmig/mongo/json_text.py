"""Reads JSON documents from a file, one at a time, as they are written."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from sqlmig.errors import FixtureError
from sqlmig.mongo.files import Source
from sqlmig.mongo.place import Place

_WHITE_SPACE = re.compile(r"[ \t\r\n]*")
_CHUNK = 1 << 18  # bytes
# Characters of one document, which is read as a whole; 16 MiB of BSON need less text than that.
_LONGEST = 1 << 26
_CUT = 16  # characters: longer than an escape or a literal that the end of a chunk may split


class Members(list[tuple[str, Any]]):
    """An object as written: its members in order, including duplicates."""

    __slots__ = ()


class BadNumber(NamedTuple):
    """What is wrong with a number that BSON cannot hold, and what to write instead."""

    message: str
    remedy: str


_TOO_LARGE = BadNumber("a whole number beyond 64 bits", 'Write it as {"$numberDecimal": "…"}.')
_NOT_FINITE = BadNumber(
    "not a finite number", 'If you mean it, write {"$numberDouble": "NaN"} or "Infinity".'
)


def written_documents(source: Source, file: BinaryIO) -> Iterator[tuple[Place, Any]]:
    """The items of an array, or a sequence of values (one per line, or a single one).

    Reads one at a time: keeps no more of the file than one value and a chunk. Raises FixtureError
    for anything else, when it gets there.
    """
    window = _Window(source, file)
    if not (first := window.skip_space()):
        raise window.error("the file is empty", "Write [] for no documents.")
    if first not in "[{":
        raise window.error("neither an array of documents nor one document per line")
    if first == "[":
        yield from _items(window)
    while mark := window.skip_space():
        if first == "[":
            raise window.error("unexpected text after the array")
        if mark == ",":
            raise window.error("unexpected comma", "Only documents in an array, [ … ], have them.")
        yield window.read_value()


def _items(window: _Window) -> Iterator[tuple[Place, Any]]:
    window.at += 1
    mark = "," if window.skip_space() != "]" else "]"
    while mark == ",":
        yield window.read_value()
        mark = window.skip_space()
        window.at += mark == ","
        window.skip_space()
    if mark != "]":
        raise window.error("this is not JSON: expected ']'")
    window.at += 1


def _integer(digits: str) -> int | BadNumber:
    # Python refuses to parse very long integers, and only 64 bits can be stored.
    value = int(digits) if len(digits) <= len(str(-(1 << 63))) else 1 << 64
    return value if -(1 << 63) <= value < 1 << 63 else _TOO_LARGE


def _real(digits: str) -> float | BadNumber:
    value = float(digits)
    return value if math.isfinite(value) else _NOT_FINITE


_DECODER = json.JSONDecoder(
    object_pairs_hook=Members, parse_int=_integer, parse_float=_real, parse_constant=_real
)


class _Window:
    """The part of a file that is being read: `at` is the next character to read."""

    def __init__(self, source: Source, file: BinaryIO) -> None:
        self.at = 0
        self._source, self._file = source, file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text, self._index = "", 0
        self._line, self._line_begins, self._counted = 1, 0, 0

    def skip_space(self) -> str:
        """Skips white space; returns the next character, or "" at the end."""
        while True:
            match = _WHITE_SPACE.match(self._text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self._text) or not self._read_on():
                return self._text[self.at : self.at + 1]

    def read_value(self) -> tuple[Place, Any]:
        """The whole value that begins here."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self.at)
            except json.JSONDecodeError as error:
                is_cut = error.pos > len(self._text) - _CUT or error.msg.startswith("Unterminated")
                if not (is_cut and self._read_on()):
                    raise self._not_json(error) from error
            except RecursionError as error:
                raise self.error("nested too deeply") from error
            else:
                if end < len(self._text) or not self._read_on():
                    place = Place(*self._place(), self._index, self._text[self.at : end])
                    self.at, self._index = end, self._index + 1
                    return place, value

    def error(self, message: str, remedy: str = "Fix the file.") -> FixtureError:
        """An error in the text from here on."""
        return Place(*self._place()).problem(message, remedy=remedy)

    def _not_json(self, error: json.JSONDecodeError) -> FixtureError:
        self.at = error.pos
        found = self._text[self.at : self.at + 1]
        invisible = "" if found.isprintable() or found.isspace() else f" (U+{ord(found):04X})"
        return self.error(f"this is not JSON: {error.msg}{invisible}")

    def _place(self) -> tuple[Source, int, int]:
        """The file, and the line and the column of the next character."""
        if newlines := self._text.count("\n", self._counted, self.at):
            self._line += newlines
            self._line_begins = self._text.rfind("\n", self._counted, self.at) + 1
        self._counted = self.at
        return self._source, self._line, self.at - self._line_begins + 1

    def _read_on(self) -> bool:
        """Reads more of the file and forgets the text before `at`; False at the end."""
        if (kept := len(self._text) - self.at) > _LONGEST:
            raise self.error(f"a document of more than {_LONGEST:,} characters")
        # A long document is decoded again from its beginning each time, so larger chunks are read
        # as it grows.
        wanted = max(_CHUNK, min(kept, _LONGEST // 4))
        data = self._file.read(wanted)
        try:
            more = self._decoder.decode(data, final=len(data) < wanted)
        except UnicodeDecodeError as error:
            self._text += error.object[: error.start].decode()
            self.at = len(self._text)
            byte = error.object[error.start]
            message = f"not UTF-8: byte 0x{byte:02x}"
            raise self.error(message, "Save the file as UTF-8.") from error
        if more:
            self._place()
            self._line_begins -= self.at
            self._text = self._text[self.at :] + more
            self.at = self._counted = 0
        return bool(more)
