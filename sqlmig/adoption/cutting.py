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
    """A line of a file: where it begins, and its text with its end."""

    start: int
    text: str

    @property
    def stop(self) -> int:
        """Where the next one begins."""
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
    """The parts of a file between those offsets, in order, as one half.

    `closed` are offsets, each of a line that is left out, where the tool ends a statement: it gets
    a semicolon where it has none.
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
    """Something wrong at that line."""
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
    """Whether the text ends within a statement, or with one that has no semicolon."""
    try:
        last = None
        for last in statements(text):  # noqa: B007  # the last is meant
            pass
    except LexError:
        return False  # told where the whole is read
    return last is not None and last.stop == last.end and not last.is_meta_command
