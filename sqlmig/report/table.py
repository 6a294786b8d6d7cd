"""Tables: plain columns in a pipe, drawn by rich on a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from sqlmig.model.printable import Ready, no_command, on_one_line, width

_FEWEST_COLUMNS = 12  # that a shortened text must keep


class Medium(Enum):
    """Where text goes: a pipe gets plain lines, a terminal a drawn table."""

    PIPE = "pipe"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell, on one line and escaped for printing, and its colour on a terminal."""

    text: str
    colour: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", on_one_line(self.text))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below their headers; on a terminal, with `one_line`, the last column may be shortened so
    that each row fits on one line."""

    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    one_line: bool = False

    def lines(self, medium: Medium) -> list[str]:
        """The table as lines for that medium."""
        headers = [on_one_line(header) for header in self.headers]
        if medium is Medium.TERMINAL:
            return _drawn(headers, self.rows, cut="ellipsis" if self.one_line else "fold")
        lines = [headers, *([cell.text for cell in row] for row in self.rows)]
        widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
        return [_line(line, widths) for line in lines]


def drawn(text: Iterable[str | Table], medium: Medium) -> list[str]:
    """The lines of a text that contains tables."""
    parts = ([part] if isinstance(part, str) else part.lines(medium) for part in text)
    return [line for lines in parts for line in lines]


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    padded = (text + " " * (size - width(text)) for text, size in zip(texts, widths, strict=True))
    return "  ".join(padded).rstrip()


def _drawn(
    headers: Sequence[str], rows: Sequence[Sequence[Cell]], cut: Literal["fold", "ellipsis"]
) -> list[str]:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415  # a pipe never pays for rich
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    page = io.StringIO()
    console = Console(file=page, force_terminal=True)
    # Every line begins with a space, so that a folded value never looks like a line of sqlmig.
    table = Table(box=SIMPLE_HEAD, show_edge=False)
    for header in headers:  # the widest columns shrink first
        table.add_column(Text(header.capitalize()), overflow="fold")
    room = _room(headers, rows, console.width)
    for row in rows:
        *texts, last = (Text(cell.text, style=cell.colour) for cell in row)
        if cut == "ellipsis" and room >= _FEWEST_COLUMNS:
            last.truncate(room, overflow="ellipsis")
        table.add_row(*texts, last)
    console.print(table)
    return [Ready(no_command(line)) for line in page.getvalue().rstrip("\n").split("\n")]


def _room(headers: Sequence[str], rows: Sequence[Sequence[Cell]], columns: int) -> int:
    """The width left for the last column, given a space on both sides of each column and one
    between."""
    texts = [headers[:-1], *([cell.text for cell in row[:-1]] for row in rows)]
    taken = sum(max(map(width, column)) for column in zip(*texts, strict=True))
    return columns - taken - 3 * len(headers) + 1
