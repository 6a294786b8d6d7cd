"""The names of error conditions, as in PostgreSQL's Appendix A: `check_violation` is 23514."""

from __future__ import annotations

import difflib
import re

import psycopg
from psycopg import errors

_BEFORE_A_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def sqlstate_of(condition: str) -> str | None:
    """The SQLSTATE of a condition, given by its name or its SQLSTATE; None for no such one."""
    return condition if condition in _SQLSTATES.values() else _SQLSTATES.get(condition)


def condition_of(sqlstate: str) -> str:
    """The name of a SQLSTATE; the SQLSTATE itself where it has none."""
    names = (name for name, state in _SQLSTATES.items() if state == sqlstate)
    return next(names, sqlstate)


def nearest_condition(condition: str) -> str | None:
    """The name that was probably meant."""
    return next(iter(difflib.get_close_matches(condition, _SQLSTATES, n=1)), None)


_SQLSTATES = {
    _BEFORE_A_CAPITAL.sub("_", name).lower(): error.sqlstate
    for name, error in vars(errors).items()
    if isinstance(error, type) and issubclass(error, psycopg.Error) and error.sqlstate
}
