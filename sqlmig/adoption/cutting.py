"""Cuts a file that holds both directions into its halves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlmig.adoption.model import Half
from sqlmig.errors import SourceError
from sqlmig.model import Location, Script
from sqlmig.source.lexer import LexError, statements

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class Line(NamedTuple):
    """A line of a file: its offset, and its text with the line ending."""

    start: int
    text: str

    @property
    def stop(self) -> int:
        """The offset of the next line."""
        return self.start + len(self.text)


def lines(text: str) -> Iterator[Line]:
    """The lines of a text; they end at LF, as Go's and JavaScript's do."""
    return (Line(match.start(), match[0]) for match in _LINE.finditer(text))


def half(
    script: Script,
    spans: Iterable[tuple[int, int]],
    *,
    closed: Iterable[int] = (),
    transactional: bool = True,
) -> Half:
    """The given spans of a file, in order, as one half.

    `closed` are the offsets of omitted lines at which the tool ends a statement: a statement that
    is still open there gets a semicolon.
    """
    kept = list(spans)
    masked = _mask(script.text, kept)
    body = [script.text[start:stop] for start, stop in kept]
    for at in closed:
        if _is_open(masked[:at]):
            masked = f"{masked[:at]};{masked[at + 1 :]}"
            index = max(i for i, (start, _) in enumerate(kept) if start < at)
            body[index] += ";\n"
    return Half(script.path, masked, "".join(body), transactional)


def place(script: Script, line: Line) -> Location:
    """The place of that line."""
    return Location.at(script.path, script.text, line.start)


def error_at(script: Script, line: Line, message: str, remedy: str) -> SourceError:
    """An error at that line."""
    return SourceError(message, location=place(script, line), remedy=remedy)


def _mask(text: str, kept: Iterable[tuple[int, int]]) -> str:
    parts, position = [], 0
    for start, stop in kept:
        parts += [_blank(text[position:start]), text[start:stop]]
        position = stop
    return "".join((*parts, _blank(text[position:])))


def _blank(text: str) -> str:
    return re.sub(r"[^\r\n]", " ", text)


def _is_open(text: str) -> bool:
    """Whether the text ends inside a statement, or after one without a semicolon."""
    try:
        last = None
        for last in statements(text):  # noqa: B007  # only the last one is needed
            pass
    except LexError:
        return False  # reported when the whole file is read
    return last is not None and last.stop == last.end and not last.is_meta_command
