"""Makes text from scripts, rows and servers safe to print: the one place that escapes it.

Scripts, rows, file names and servers may contain what a terminal executes (escape sequences, a
carriage return), what hides or reorders text (bidirectional controls), and line ends, which could
make a value look like one of our lines or like a command to the CI.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

# All of C0 but tab and newline, DEL and C1; what reorders or separates lines in Unicode; the marks
# that nothing shows, tags among them; halves of surrogate pairs, as names of files that are not
# UTF-8 have them; the beginning of `##[error]`, `##vso[…]` and their like, which runners of a CI
# obey anywhere in a line:
# https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e"
    "\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f"
    r"\ud800-\udfff]|#(?=#\w*\[)"
)
_LINE_END = re.compile(r"\r\n|\r|\n")
# `::error::`, which GitHub obeys at the beginning of a line, also an indented one.
_CI_COMMAND = re.compile(r"^(\s*):(?=:.*::)")

_MARGIN = "  | "


class Ready(str):
    """A line that can be printed as it is: already escaped, perhaps with our colours."""

    __slots__ = ()


def escaped(text: str) -> str:
    """The text with `\\x1b`, `\\r`, `\\u202e` and their like for unprintable characters.

    Newlines and tabs stay. Text that is escaped already stays as it is.
    """
    return _UNSAFE.sub(_escape, text)


def on_one_line(text: str) -> str:
    """The same, with `\\n` and `\\t` for newlines and tabs: for a cell, or a name."""
    return escaped(text).replace("\n", r"\n").replace("\t", r"\t")


def json_escaped(document: str) -> str:
    """An equivalent JSON document without such characters in its strings."""
    return _UNSAFE.sub(_json_escape, document)


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def printable(lines: Iterable[str]) -> Iterator[str]:
    """Our lines as they are printed: a newline in one, which is a value's, begins a line with
    a margin, so that it cannot be taken for one of ours. Tabs become spaces."""
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
    """How many columns of a terminal the text takes, which must be printable."""
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
