"""Makes text from scripts, rows and servers safe to print; everything is escaped here.

Scripts, rows, file names and servers may contain text that a terminal executes (escape sequences, a
carriage return), that hides or reorders other text (bidirectional controls), and line ends, which
could make a value look like one of our lines or like a command to the CI.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

# All of C0 except tab and newline, DEL and C1; what reorders or separates lines in Unicode;
# invisible marks, including tags; halves of surrogate pairs, which occur in names of files that are
# not UTF-8; the start of `##[error]`, `##vso[…]` and the like, which CI runners obey anywhere in a
# line:
# https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e"
    "\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f"
    r"\ud800-\udfff]|#(?=#\w*\[)"
)
_LINE_END = re.compile(r"\r\n|\r|\n")
# `::error::`, which GitHub obeys at the start of a line, even if it is indented.
_CI_COMMAND = re.compile(r"^(\s*):(?=:.*::)")

_MARGIN = "  | "


class Ready(str):
    """A line that can be printed as it is: already escaped, perhaps with our colours."""

    __slots__ = ()


def escaped(text: str) -> str:
    """The text with unprintable characters as `\\x1b`, `\\r`, `\\u202e` and the like.

    Newlines and tabs stay. Escaped text stays as it is.
    """
    return _UNSAFE.sub(_escape, text)


def on_one_line(text: str) -> str:
    """The escaped text with `\\n` and `\\t` for newlines and tabs: for a cell, or a name."""
    return escaped(text).replace("\n", r"\n").replace("\t", r"\t")


def json_escaped(document: str) -> str:
    """An equivalent JSON document, with the unprintable characters in its strings escaped."""
    return _UNSAFE.sub(_json_escape, document)


def counted(number: int, noun: str) -> str:
    """The number and its noun: `1 row`, `2 rows`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def printable(lines: Iterable[str]) -> Iterator[str]:
    """Our lines as they are printed. A newline within one comes from a value: what follows it gets
    a margin, so that it cannot be taken for a line of ours. Tabs become spaces."""
    for line in lines:
        if isinstance(line, Ready):
            yield line
        else:
            first, *others = split_lines(line)
            yield _printable(first)
            yield from (_printable(f"{_MARGIN}{other}") for other in others)


def split_lines(text: str) -> list[str]:
    """The lines of a text, as PostgreSQL ends them: at CRLF, CR or LF, nothing else."""
    return _LINE_END.split(text)


def no_command(line: str) -> str:
    """The line, changed if necessary so that a CI does not read it as a `::command::`."""
    return _CI_COMMAND.sub(r"\1\\x3a", line)


def width(text: str) -> int:
    """How many columns of a terminal the text takes; the text must be printable."""
    if text.isascii():
        return len(text)
    return sum(map(_width_of, text))


def _width_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _printable(line: str) -> str:
    return no_command(escaped(line.expandtabs()))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\r":
        return r"\r"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    return "".join(f"\\u{unit}" for unit in units)
