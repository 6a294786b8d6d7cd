"""JSON as it is written: duplicate keys and all, and where in the text each part stands."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
_WHITE_SPACE = re.compile(r"[ \t\r\n]*")
_LONGEST_INTEGER = 20  # characters of -2**63


class NotJsonError(Exception):
    """The text is no array in JSON from `offset` on."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Members(list[tuple[str, Any]]):
    """An object as it is written: its members in order, duplicates and all."""


class Part(NamedTuple):
    """A member of an object or an item of an array: where it begins, and where its value does."""

    name: str | int
    begins: int
    value_begins: int
    value: Any


def items(text: str) -> Iterator[Part]:
    """The items of the array that the text is, one at a time, as written.

    Raises NotJsonError, once it gets there, for what is no JSON or no array.
    """
    begins = _skip(text, 0)
    if text[begins : begins + 1] != "[":
        raise NotJsonError("the file is not an array of documents", begins)
    end = yield from _parts(text, begins)
    if end != len(text):
        raise NotJsonError("unexpected text after the array", end)


def offset_of(text: str, offset: int, path: Path) -> int:
    """Where, in the value at `offset`, the path begins; a key given twice counts the last time.

    Of a path that leads nowhere (a missing member), where its last existing part begins.
    """
    begins = offset
    for step in path:
        found = [part for part in _parts(text, offset) if part.name == step]
        if not found:
            break
        begins, offset = found[-1].begins, found[-1].value_begins
    return begins


def _integer(digits: str) -> int:
    # Python refuses to read very long ones; 64 bits is what there is room for.
    return int(digits) if len(digits) <= _LONGEST_INTEGER else 1 << 64


_DECODER = json.JSONDecoder(object_pairs_hook=Members, parse_int=_integer)


def _parts(text: str, offset: int) -> Generator[Part, None, int]:
    """The parts of the object or array at `offset`; returns where what follows it begins."""
    closing = {"{": "}", "[": "]"}[text[offset]]
    name: str | int
    index, offset = 0, _skip(text, offset + 1)
    goes_on = not text.startswith(closing, offset)
    while goes_on:
        name, begins = index, offset
        if closing == "}":
            name, offset = _decoded(text, offset)
            offset = _after(text, offset, ":")
        value, end = _decoded(text, offset)
        yield Part(name, begins, offset, value)
        index, offset = index + 1, end
        goes_on = text.startswith(",", offset)
        if goes_on:
            offset = _after(text, offset, ",")
    return _after(text, offset, closing)


def _decoded(text: str, offset: int) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, offset)
    except json.JSONDecodeError as error:
        raise NotJsonError(f"this is not JSON: {error.msg}", error.pos) from error
    except RecursionError as error:
        raise NotJsonError("nested far too deeply", offset) from error
    return value, _skip(text, end)


def _after(text: str, offset: int, mark: str) -> int:
    if not text.startswith(mark, offset):
        raise NotJsonError(f"this is not JSON: expected {mark!r}", offset)
    return _skip(text, offset + 1)


def _skip(text: str, offset: int) -> int:
    match = _WHITE_SPACE.match(text, offset)
    return match.end() if match else offset
