"""The directives, one row each, with all that is known about them.

The names `depends` and `transactional` are yoyo's, and mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlmig.model import (
    Expectation,
    Expected,
    TextRecord,
    is_duration,
)

_ADR = re.compile(r"[A-Za-z]*-?\d+")
_CONDITION = r"(?:[0-9A-Z]{5}|[a-z][a-z_]+)"
_SWITCH = ("true", "false")
_EXPECTED_ERROR = re.compile(rf"error\s+({_CONDITION}(?:\s+or\s+{_CONDITION})*)")


class FileKind(Enum):
    """What a file is for, which decides the directives that it may have."""

    MIGRATION = "migration"
    ROLLBACK = "rollback"
    SEED = "seed"
    CHECK = "check"
    SCRATCH = "scratch script"
    PREPARATION = "preparation script"


def _words(value: str) -> tuple[str, ...]:
    """May be empty: `yoyo new` writes an empty `depends` into the first migration."""
    return tuple(value.split())


def _switch(value: str) -> bool:
    if value.lower() not in _SWITCH:
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


def _table_and_reason(example: str) -> Callable[[str], tuple[tuple[str, str], ...]]:
    def parse(value: str) -> tuple[tuple[str, str], ...]:
        table, _, reason = (part.strip() for part in value.partition(":"))
        if not table or not reason:
            raise ValueError(f"expected a table and a reason, as in `{example}`")
        return ((table, reason),)

    return parse


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


def _until(value: str) -> bool:
    if value != "until no rows":
        raise ValueError("expected `until no rows`")
    return True


def _never(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class DirectiveSpec:
    """All that is known about one directive.

    `parse` turns its text into the value that Directives keeps, or raises ValueError with what it
    expected. `kinds` are the files that may have it; `field` is the field of Directives if its name
    differs. If it `repeats`, the values are joined. `is_unmistakable` says whether a comment with
    that value can only be this directive, even without the colon.
    """

    name: str
    parse: Callable[[str], Any]
    kinds: tuple[FileKind, ...]
    field: str = ""
    repeats: bool = False
    is_unmistakable: Callable[[str], bool] = _never

    def accepts(self, value: str) -> bool:
        """Whether the value is a valid one."""
        try:
            self.parse(value)
        except ValueError:
            return False
        return True


_MIGRATION = (FileKind.MIGRATION,)
_CHECK = (FileKind.CHECK,)
_SCRIPTS = (FileKind.MIGRATION, FileKind.ROLLBACK, FileKind.SEED)
_EVERY_KIND = (*_SCRIPTS, FileKind.CHECK)

DIRECTIVES = (
    DirectiveSpec(
        "depends",
        _words,
        _MIGRATION,
        repeats=True,
        is_unmistakable=lambda value: (
            bool(value) and all(word[0].isdigit() for word in value.split())
        ),
    ),
    DirectiveSpec(
        "transactional",
        _switch,
        (FileKind.MIGRATION, FileKind.ROLLBACK),
        is_unmistakable=lambda value: value.lower() in _SWITCH,
    ),
    DirectiveSpec("repeat", _until, _MIGRATION, field="until_no_rows"),
    DirectiveSpec("irreversible", _reason, _MIGRATION, is_unmistakable=lambda value: not value),
    DirectiveSpec("lock_timeout", _duration, _EVERY_KIND, is_unmistakable=is_duration),
    DirectiveSpec("statement_timeout", _duration, _EVERY_KIND, is_unmistakable=is_duration),
    DirectiveSpec(
        "touches",
        _table_and_reason("payments: fix the 2024 import"),
        _SCRIPTS,
        repeats=True,
    ),
    DirectiveSpec(
        "holds",
        _table_and_reason("orders: the shop is closed on Sunday"),
        (FileKind.MIGRATION, FileKind.ROLLBACK),
        repeats=True,
    ),
    DirectiveSpec("adr", _adr, _MIGRATION),
    DirectiveSpec(
        "record",
        _record,
        _MIGRATION,
        is_unmistakable=lambda value: value in [choice.value for choice in TextRecord],
    ),
    DirectiveSpec("expect", _expected, _CHECK),
    DirectiveSpec("requires", _required, _CHECK, repeats=True),
    DirectiveSpec("after", _seeds, _CHECK, field="after_seeds"),
)


def _of(kind: FileKind) -> dict[str, DirectiveSpec]:
    """The directives that mean something in this kind of file or in a similar one. In a migration,
    a comment that starts with `after:` is just a comment."""
    alike = _CHECK if kind is FileKind.CHECK else _SCRIPTS
    return {spec.name: spec for spec in DIRECTIVES if not set(alike).isdisjoint(spec.kinds)}


VOCABULARY = {kind: _of(kind) for kind in FileKind}
