"""Places in files, and what a check finds there."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from sqlmig.model.printable import escaped, width

_LINE_END = re.compile(r"\r\n|\r|\n")

_EXCERPT_WIDTH = 96


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text: line and column, both from 1, the column in characters (not bytes)."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a named file, with the text of its line for display."""

    path: str
    position: Position | None = None
    line: str = ""

    @classmethod
    def at(cls, path: str, text: str, offset: int) -> Location:
        """The place of the character `text[offset]`; lines end at CRLF, CR or LF."""
        line_number, line_start = 1, 0
        for match in _LINE_END.finditer(text, 0, offset):
            line_number, line_start = line_number + 1, match.end()
        end = _LINE_END.search(text, line_start)
        line = text[line_start : end.start() if end else len(text)]
        return cls(path, Position(line_number, offset - line_start + 1), line)

    def __str__(self) -> str:
        if self.position is None:
            return self.path
        return f"{self.path}:{self.position.line}:{self.position.column}"

    def excerpt(self) -> str:
        """The line with a caret below the column; empty if the line is unknown.

        The line is safe to print. A long one is cut to the part around the caret; tabs are kept, so
        that the caret stays below its character.
        """
        if self.position is None or not self.line.strip():
            return ""
        before = escaped(self.line[: self.position.column - 1])
        line, column = before + escaped(self.line[self.position.column - 1 :]), len(before)
        start = max(0, min(column - _EXCERPT_WIDTH // 2, len(line) - _EXCERPT_WIDTH))
        shown, before = line[start : start + _EXCERPT_WIDTH], line[start:column]
        margin = f"{self.position.line:>5} | "
        indent = "\t".join(" " * width(part) for part in before.split("\t"))
        return f"{margin}{shown}\n{' ' * (len(margin) - 2)}| {indent}^"


def line_numbers(text: str, offsets: Iterable[int]) -> list[int]:
    """The line of each of those offsets, from 1, found in one pass over the text."""
    ends = [match.end() for match in _LINE_END.finditer(text)]
    return [bisect_right(ends, offset) + 1 for offset in offsets]


class Severity(Enum):
    """How serious a finding is: only errors make a check fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found: what and where it is, and what to do about it."""

    code: str
    message: str
    location: Location
    remedy: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        severity = "" if self.severity is Severity.ERROR else f"{self.severity.value}: "
        return f"{self.location}: {self.code} {severity}{self.message}"
