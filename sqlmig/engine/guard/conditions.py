"""The names of error conditions, as in PostgreSQL's Appendix A: `check_violation` is 23514."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

import psycopg
from psycopg import errors

from sqlmig.errors import SourceError
from sqlmig.model import CheckFile, Location
from sqlmig.model.suggestions import did_you_mean, nearest
from sqlmig.source.folders import raise_all

_BEFORE_A_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def sqlstate_of(condition: str) -> str | None:
    """The SQLSTATE of a condition, given by name or SQLSTATE; None if there is no such
    condition."""
    return condition if condition in _sqlstates().values() else _sqlstates().get(condition)


def condition_of(sqlstate: str) -> str:
    """The name of a SQLSTATE, or the SQLSTATE itself if it has none."""
    names = (name for name, state in _sqlstates().items() if state == sqlstate)
    return next(names, sqlstate)


def refuse_unknown_conditions(checks: Iterable[CheckFile]) -> None:
    """Raises SourceError for a check that expects an error unknown to PostgreSQL;
    UnusableFilesError for several."""
    raise_all(
        [
            _unknown(check, condition)
            for check in checks
            for condition in check.file.directives.expect.conditions
            if sqlstate_of(condition) is None
        ]
    )


def _unknown(check: CheckFile, condition: str) -> SourceError:
    return SourceError(
        f"expects an error that PostgreSQL does not have: {condition}",
        location=Location(check.file.script.path),
        remedy=did_you_mean(nearest(condition, _sqlstates()), "Give its SQLSTATE."),
    )


@functools.cache
def _sqlstates() -> Mapping[str, str]:
    """The SQLSTATE of every condition by its name."""
    return {
        _BEFORE_A_CAPITAL.sub("_", name).lower(): error.sqlstate
        for name, error in vars(errors).items()
        if isinstance(error, type) and issubclass(error, psycopg.Error) and error.sqlstate
    }
