"""The header language of a file: `-- name: value` in the comments above the first statement.

The syntax is yoyo's, whose names `depends` and `transactional` keep their meaning. A comment that
no directive resembles is just a comment; the first of them describes the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any

from sqlmig.errors import DirectiveError, SourceError
from sqlmig.model import (
    Directives,
    Expectation,
    Expected,
    Location,
    TextRecord,
    is_duration,
)
from sqlmig.source.folders import raise_all
from sqlmig.source.lexer import all_line_comments, first_statement, line_comments

_DIRECTIVE = re.compile(r"\s*([A-Za-z][A-Za-z_-]*)[ \t]*:(.*)", re.DOTALL)
# The same without its colon: `-- transactional false`, `-- transactional=false`.
_WITHOUT_COLON = re.compile(r"\s*([A-Za-z_]+)(?:\s*=\s*|\s+|\Z)(.*?)\s*", re.DOTALL)
_ADR = re.compile(r"[A-Za-z]*-?\d+")
_CONDITION = r"(?:[0-9A-Z]{5}|[a-z][a-z_]+)"
_EXPECTED_ERROR = re.compile(rf"error\s+({_CONDITION}(?:\s+or\s+{_CONDITION})*)")


class FileKind(Enum):
    """What a file is for, which decides the directives that it may have."""

    MIGRATION = "migration"
    ROLLBACK = "rollback"
    SEED = "seed"
    CHECK = "check"


def _words(value: str) -> tuple[str, ...]:
    """May be none: `yoyo new` writes an empty `depends` into the first migration."""
    return tuple(value.split())


def _switch(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError("expected true or false")
    return value.lower() == "true"


def _reason(value: str) -> str:
    if not value:
        raise ValueError("expected a reason")
    return value


def _duration(value: str) -> str:
    if not is_duration(value):
        raise ValueError("expected a time with its unit, such as 500ms, 2s or 10min")
    return value


def _touches(value: str) -> tuple[tuple[str, str], ...]:
    table, _, reason = (part.strip() for part in value.partition(":"))
    if not table or not reason:
        raise ValueError("expected a table and a reason, as in `payments: fix the 2024 import`")
    return ((table, reason),)


def _adr(value: str) -> str:
    if not _ADR.fullmatch(value):
        raise ValueError("expected the number of a decision record, such as 0002")
    return value


def _record(value: str) -> TextRecord:
    try:
        return TextRecord(value)
    except ValueError:
        raise ValueError("expected text or checksum") from None


def _expected(value: str) -> Expected:
    if value in ("no rows", "rows"):
        return Expected(Expectation(value))
    match = _EXPECTED_ERROR.fullmatch(value)
    if not match:
        raise ValueError("expected `no rows`, `rows`, or `error` and a SQLSTATE or its name")
    return Expected(Expectation.ERROR, tuple(re.split(r"\s+or\s+", match[1])))


def _required(value: str) -> tuple[str, ...]:
    if not value:
        raise ValueError("expected a migration")
    return _words(value)


def _seeds(value: str) -> bool:
    if value != "seeds":
        raise ValueError("expected `seeds`")
    return True


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "depends": _words,
    "transactional": _switch,
    "irreversible": _reason,
    "lock_timeout": _duration,
    "statement_timeout": _duration,
    "touches": _touches,
    "adr": _adr,
    "record": _record,
    "expect": _expected,
    "requires": _required,
    "after": _seeds,
}
_FIELDS = {"after": "after_seeds"}
_NONE = Directives()
_REPEATABLE = ("depends", "touches", "requires")
_TIMEOUTS = ("lock_timeout", "statement_timeout")
_OF_A_CHECK = ("expect", "requires", "after", *_TIMEOUTS)
_OF_A_SCRIPT = tuple(name for name in _PARSERS if name in _TIMEOUTS or name not in _OF_A_CHECK)
_NAMES = {
    FileKind.MIGRATION: _OF_A_SCRIPT,
    FileKind.ROLLBACK: ("transactional", *_TIMEOUTS, "touches"),
    FileKind.SEED: (*_TIMEOUTS, "touches"),
    FileKind.CHECK: _OF_A_CHECK,
}
# The names that mean something in one kind of file or another of its like; in a migration, a
# comment that begins with `after:` is just a comment.
_VOCABULARY = dict.fromkeys(FileKind, _OF_A_SCRIPT) | {FileKind.CHECK: _OF_A_CHECK}


def read_head(path: str, text: str, kind: FileKind) -> tuple[Directives, str]:
    """What the head of a file declares, and its description ("" where it has none).

    Raises DirectiveError, with the place and the right spelling, for a name within two letters of
    a known one, a bad value, a name twice, a directive that this kind of file cannot have, one
    without its colon, and one below the first statement; UnusableFilesError for several, in the
    order of their lines. Raises LexError where the text cannot be read that far.
    """
    head_end = first_statement(text)
    values: dict[str, Any] = {}
    description = ""
    errors: list[SourceError] = []
    for offset, comment in line_comments(text, head_end):
        name, value = _directive(comment)
        try:
            if name in _VOCABULARY[kind]:
                values[name] = _merged(path, text, offset, kind, values, name, value)
            else:
                _refuse_near_miss(path, text, offset, kind, name)
                _refuse_without_colon(path, text, offset, kind, comment)
                description = description or comment.strip(" \t-")
        except DirectiveError as error:
            errors.append(error)
    raise_all([*errors, *_misplaced(path, text, head_end, kind)])
    fields = {_FIELDS.get(name, name): value for name, value in values.items()}
    return Directives(**fields) if fields else _NONE, description


def _directive(comment: str) -> tuple[str, str]:
    """The name and value of a comment that has the form of a directive; else "" and ""."""
    match = _DIRECTIVE.fullmatch(comment)
    return (match[1], match[2].strip()) if match else ("", "")


def _merged(
    path: str,
    text: str,
    offset: int,
    kind: FileKind,
    values: Mapping[str, Any],
    name: str,
    value: str,
) -> Any:
    """The directive's value, joined to what earlier lines gave where it may repeat."""
    location = Location.at(path, text, offset)
    if name not in _NAMES[kind]:
        raise DirectiveError(
            f"a {kind.value} cannot have the directive {name!r}",
            location=location,
            remedy=f"A {kind.value} may have: {', '.join(_NAMES[kind])}.",
        )
    if name in values and name not in _REPEATABLE:
        raise DirectiveError(
            f"the directive {name!r} is given twice", location=location, remedy="Remove one."
        )
    try:
        parsed = _PARSERS[name](value)
    except ValueError as error:
        raise DirectiveError(
            f"the directive {name!r} has the value {value!r}: {error}",
            location=location,
            remedy="Mend the value, or remove the line.",
        ) from error
    return values.get(name, ()) + parsed if name in _REPEATABLE else parsed


def _refuse_near_miss(path: str, text: str, offset: int, kind: FileKind, name: str) -> None:
    for known in _VOCABULARY[kind]:
        # `adr` is so short that two letters would make a directive of every other word.
        near = name and _distance(name, known) <= min(2, len(known) // 3)
        if near or name.lower() == known:
            raise DirectiveError(
                f"unknown directive {name!r} (did you mean {known!r}?)",
                location=Location.at(path, text, offset),
                remedy="If it is just a comment, write it without the colon after the first word.",
            )


def _refuse_without_colon(path: str, text: str, offset: int, kind: FileKind, comment: str) -> None:
    """A comment that says nothing but a directive; an ordinary sentence says more."""
    match = _WITHOUT_COLON.fullmatch(comment)
    name, value = (match[1].lower(), match[2]) if match else ("", "")
    if name in _NAMES[kind] and name in _UNMISTAKABLE and _UNMISTAKABLE[name](value):
        raise DirectiveError(
            f"write it with a colon: '-- {name}: {value or '<reason>'}'",
            location=Location.at(path, text, offset),
            remedy="If it is just a comment, begin it with another word.",
        )


def _misplaced(path: str, text: str, head_end: int, kind: FileKind) -> Iterator[DirectiveError]:
    """Valid directives below the first statement, which nobody would obey."""
    if not _may_hold_directive(text, head_end):
        return
    for offset, comment in all_line_comments(text):
        name, value = _directive(comment)
        if offset > head_end and name in _VOCABULARY[kind] and _is_valid(name, value):
            yield DirectiveError(
                f"the directive {name!r} stands below the first statement, where it has no effect",
                location=Location.at(path, text, offset),
                remedy="Move the line to the head of the file.",
            )


def _may_hold_directive(text: str, start: int) -> bool:
    """A quick look that spares most files the walk over all their comments."""
    return _SUSPECT.search(text, start) is not None


_SUSPECT = re.compile(rf"--[ \t]*(?:{'|'.join(_PARSERS)})[ \t]*:")


def _is_valid(name: str, value: str) -> bool:
    try:
        _PARSERS[name](value)
    except ValueError:
        return False
    return True


# Values after which a directive without its colon can be nothing else.
_UNMISTAKABLE: Mapping[str, Callable[[str], bool]] = {
    "depends": lambda value: bool(value) and all(word[0].isdigit() for word in value.split()),
    "irreversible": lambda value: not value,
    "transactional": lambda value: _is_valid("transactional", value),
    "lock_timeout": is_duration,
    "statement_timeout": is_duration,
    "record": lambda value: _is_valid("record", value),
}


def _distance(left: str, right: str) -> int:
    """How many letters must be added, removed or replaced to turn one word into the other."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]
