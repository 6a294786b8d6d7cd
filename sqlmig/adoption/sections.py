"""Files that hold both directions, divided by marker lines: dbmate's, goose's, sql-migrate's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlmig.adoption.cutting import Line, error_at, half, lines
from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Half, Original
from sqlmig.errors import SourceError
from sqlmig.model import Script
from sqlmig.source.lexer import LexError, first_statement

UP, DOWN = "up", "down"


class Halves(NamedTuple):
    """What a file holds: `up` is None if it cannot be used, and `problems` say why."""

    up: Half | None
    down: Half | None = None
    problems: tuple[SourceError, ...] = ()


@dataclass(slots=True)
class Sections:
    """The lines of a file as they are assigned to its halves; marker lines belong to neither.

    Lines above the first marker, which may only be comments, belong to the up half.
    """

    script: Script
    tool: str
    is_outside: dict[str, bool] = field(default_factory=lambda: {UP: False, DOWN: False})
    problems: list[SourceError] = field(default_factory=list)
    _current: str = UP
    _seen: set[str] = field(default_factory=set)
    _spans: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {UP: [], DOWN: []})
    _closed: dict[str, list[int]] = field(default_factory=lambda: {UP: [], DOWN: []})
    _block: Line | None = None

    def take(self, line: Line) -> None:
        """A line that is part of the current half."""
        self._spans[self._current].append((line.start, line.stop))

    def begin(self, line: Line, direction: str, *, outside: bool = False) -> None:
        """A marker that begins a half."""
        self.end_block()
        if direction in self._seen:
            self.refuse(
                line,
                f"a second {direction} part in one file",
                "Merge the two parts.",
            )
        elif direction == DOWN and UP not in self._seen:
            self.refuse(line, "a down part without an up part above it", "Write its up part first.")
        elif not self._seen:
            self._refuse_statement_above(line)
        self._current = direction
        self._seen.add(direction)
        self.is_outside[direction] |= outside

    def begin_block(self, line: Line) -> None:
        """A marker after which semicolons do not end a statement."""
        self.end_block()
        if not self._seen:
            self.refuse(line, "a statement block outside both parts", "Move it below a part.")
        self._block = line

    def close_block(self, line: Line) -> None:
        """A marker that ends such a statement."""
        if self._block is None:
            self.refuse(
                line, "the end of a statement block that never began", "Remove it, or begin it."
            )
        else:
            self._closed[self._current].append(line.start)
        self._block = None

    def end_block(self) -> None:
        """Refuses a block that is still open here."""
        if self._block is not None:
            self.refuse(self._block, "a statement block that never ends", "Add its end marker.")
            self._block = None

    def refuse(self, line: Line, message: str, remedy: str) -> None:
        """Records an error at that line."""
        self.problems.append(error_at(self.script, line, message, remedy))

    def halves(self) -> Halves:
        """Both halves, once all lines are given."""
        self.end_block()
        if not self._seen:
            self.refuse(
                Line(0, ""), f"it has no {self.tool} marker", "Mark its parts, or move it away."
            )
        if self.problems:
            return Halves(None, problems=tuple(self.problems))
        return Halves(self._half(UP), self._half(DOWN) if DOWN in self._seen else None)

    def _half(self, direction: str) -> Half:
        return half(
            self.script,
            self._spans[direction],
            closed=self._closed[direction],
            transactional=not self.is_outside[direction],
        )

    def _refuse_statement_above(self, marker: Line) -> None:
        above = self.script.text[: marker.start]
        try:
            start = first_statement(above)
        except LexError as error:
            start = error.offset
        if start < len(above):
            self.refuse(
                Line(start, ""),
                f"a statement above the first marker, which {self.tool} does not run",
                "Move it below the marker.",
            )


def divided(script: Script, tool: str, give: Callable[[Sections, Line], None]) -> Halves:
    """The halves of a file; `give` passes its lines to the sections one by one."""
    sections = Sections(script, tool)
    for line in lines(script.text):
        give(sections, line)
    return sections.halves()


def each_file(
    files: Files, names: Iterable[re.Match[str]], read: Callable[[Script], Halves], version: str
) -> list[Original]:
    """An original for each file whose name matched: the groups `number` and `name` of the match,
    and as its version the group that `version` names."""
    return [_original(files, match, read, version) for match in names]


def first_with(files: Files, pattern: str, has_marker: re.Pattern[str]) -> str | None:
    """The first file whose name matches and that has the tool's marker."""
    names = (match[0] for match in files.matching(pattern))
    return next((name for name in names if has_marker.search(files.text(name))), None)


def _original(
    files: Files, match: re.Match[str], read: Callable[[Script], Halves], version: str
) -> Original:
    try:
        found = read(files.script(match[0]))
    except SourceError as error:
        found = Halves(None, problems=(error,))
    return Original(
        version=match[version],
        number=match["number"],
        name=match["name"],
        paths=(files.path(match[0]),),
        up=found.up,
        down=found.down,
        problems=found.problems,
    )
