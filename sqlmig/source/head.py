"""The head of a file: its description, and the directives above its first statement.

The syntax is yoyo's. A comment that resembles no directive is just a comment; the first of these
describes the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlmig.errors import DirectiveError, SourceError
from sqlmig.model import Directives, Location
from sqlmig.model.suggestions import did_you_mean
from sqlmig.source.directives import DIRECTIVES, VOCABULARY, DirectiveSpec, FileKind
from sqlmig.source.folders import raise_all
from sqlmig.source.lexer import all_line_comments, first_statement, line_comments

_DIRECTIVE = re.compile(r"\s*([A-Za-z][A-Za-z_-]*)[ \t]*:(.*)", re.DOTALL)
# A directive without its colon: `-- transactional false`, `-- transactional=false`.
_WITHOUT_COLON = re.compile(r"\s*([A-Za-z_]+)(?:\s*=\s*|\s+|\Z)(.*?)\s*", re.DOTALL)
# A quick check, so that the comments of most files need not be read.
_SUSPECT = re.compile(rf"--[ \t]*(?:{'|'.join(spec.name for spec in DIRECTIVES)})[ \t]*:")
_NONE = Directives()


def read_head(path: str, text: str, kind: FileKind) -> tuple[Directives, str]:
    """What the head of a file declares, and its description ("" if it has none).

    Raises DirectiveError, with the place and the correct spelling, for a name within two letters of
    a known one, a bad value, a repeated name, a directive that this kind of file cannot have, one
    without its colon, and one after the start of the first statement. Raises UnusableFilesError for
    several, in the order of their lines, and LexError if the text cannot be read that far.
    """
    head = _Head(path, text, kind, first_statement(text))
    raise_all([*head.read(), *head.misplaced()])
    return Directives(**head.values) if head.values else _NONE, head.description


def is_directive(comment: str, kind: FileKind) -> bool:
    """Whether the text of a `--` comment in the head of such a file would be a directive, or a
    mistake in one."""
    head = _Head("", f"--{comment}", kind, len(comment) + 2)
    return bool(next(head.read(), None) or head.values)


@dataclass(slots=True)
class _Head:
    """The head of one file while it is read; it ends at `end`, where the first statement starts."""

    path: str
    text: str
    kind: FileKind
    end: int
    values: dict[str, Any] = field(default_factory=dict)
    description: str = ""

    def read(self) -> Iterator[SourceError]:
        """Fills `values` and `description`; yields the errors in the order of lines."""
        for offset, comment in line_comments(self.text, self.end):
            try:
                self._take(offset, comment)
            except DirectiveError as error:
                yield error

    def misplaced(self) -> Iterator[SourceError]:
        """Errors for valid directives after the start of the first statement, where they have no
        effect."""
        if not _SUSPECT.search(self.text, self.end):
            return
        for offset, comment in all_line_comments(self.text):
            name, value = _parts(comment)
            spec = VOCABULARY[self.kind].get(name)
            if offset > self.end and spec is not None and spec.accepts(value):
                yield self._error(
                    offset,
                    f"the directive {name!r} must come before the first statement",
                    "Move the line to the head of the file.",
                )

    def _take(self, offset: int, comment: str) -> None:
        name, value = _parts(comment)
        spec = VOCABULARY[self.kind].get(name)
        if spec is not None:
            self._merge(offset, spec, value)
            return
        self._refuse_near_miss(offset, name)
        self._refuse_without_colon(offset, comment)
        self.description = self.description or comment.strip(" \t-")

    def _merge(self, offset: int, spec: DirectiveSpec, value: str) -> None:
        """Adds a directive's value; appends it to earlier ones if the directive may repeat."""
        name, target = spec.name, spec.field or spec.name
        if self.kind not in spec.kinds:
            raise self._error(
                offset,
                f"a {self.kind.value} cannot have the directive {name!r}",
                f"A {self.kind.value} may have: {', '.join(_names(self.kind)) or 'none'}.",
            )
        if target in self.values and not spec.repeats:
            raise self._error(offset, f"the directive {name!r} is given twice", "Remove one.")
        try:
            parsed = spec.parse(value)
        except ValueError as error:
            raise self._error(
                offset,
                f"the directive {name!r} has the value {value!r}: {error}",
                "Fix the value, or remove the line.",
            ) from error
        self.values[target] = self.values.get(target, ()) + parsed if spec.repeats else parsed
        self._refuse_two_modes(offset)

    def _refuse_two_modes(self, offset: int) -> None:
        """Refuses a file that is both repeated and non-transactional: each round is a
        transaction."""
        if self.values.get("until_no_rows") and not self.values.get("transactional", True):
            raise self._error(
                offset,
                "a file cannot have both 'repeat' and 'transactional: false'",
                "Remove one: a repeated file runs each of its rounds in a transaction.",
            )

    def _refuse_near_miss(self, offset: int, name: str) -> None:
        for known in VOCABULARY[self.kind]:
            # Within two letters, almost any short word would be taken for `adr`.
            near = name and _distance(name, known) <= min(2, len(known) // 3)
            if near or name.lower() == known:
                raise self._error(
                    offset,
                    f"unknown directive {name!r}",
                    f"{did_you_mean(known, '')} If it is just a comment, write it without the "
                    "colon after the first word.",
                )

    def _refuse_without_colon(self, offset: int, comment: str) -> None:
        """Refuses a comment that contains only a directive; an ordinary sentence says more."""
        match = _WITHOUT_COLON.fullmatch(comment)
        name, value = (match[1].lower(), match[2]) if match else ("", "")
        spec = VOCABULARY[self.kind].get(name)
        if spec is not None and self.kind in spec.kinds and spec.is_unmistakable(value):
            raise self._error(
                offset,
                f"write it with a colon: '-- {name}: {value or '<reason>'}'",
                "If it is just a comment, begin it with another word.",
            )

    def _error(self, offset: int, message: str, remedy: str) -> DirectiveError:
        location = Location.at(self.path, self.text, offset)
        return DirectiveError(message, location=location, remedy=remedy)


def _names(kind: FileKind) -> list[str]:
    return [spec.name for spec in DIRECTIVES if kind in spec.kinds]


def _parts(comment: str) -> tuple[str, str]:
    """The name and value of a comment that has the form of a directive; otherwise "" and ""."""
    match = _DIRECTIVE.fullmatch(comment)
    return (match[1], match[2].strip()) if match else ("", "")


def _distance(left: str, right: str) -> int:
    """How many letters must be added, removed or replaced to turn one word into the other."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]
