"""The number of the next migration, in the style of the existing ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from sqlmig.model import migration_number, number_groups

_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_TIMES = {12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_LONGEST = max(_TIMES)


def next_number(migration_ids: Iterable[str], now: datetime) -> str:
    """A number above those of all the ids, in the style of the highest.

    After `007_payments` comes 008; after `20261121_01_users`, the first of today, `20261203_01`, or
    the next of that day; after `20261121093000_users`, the current time. The first number is 001.
    """
    newest = max(migration_ids, key=migration_number, default="000")
    first, *others = number_groups(newest) or ("000",)
    if _is_time(first):
        return _time(first, now)
    if not _DATE.fullmatch(first):
        return str(int(first) + 1).zfill(len(first))
    today = f"{now:%Y%m%d}"
    if today > first:
        return "_".join([today, *("1".zfill(len(other)) for other in others[:1])])
    second = others[0] if others else "01"
    return f"{first}_{str(int(second) + 1).zfill(len(second))}"


def timestamp(migration_ids: Iterable[str], now: datetime) -> str:
    """The current time as a number, or the next second after the highest of those ids."""
    newest = max(migration_ids, key=migration_number, default="")
    first = next(iter(number_groups(newest)), "")
    return _time(first if _is_time(first) else "0" * _LONGEST, now)


def _is_time(number: str) -> bool:
    return len(number) in _TIMES and _DATE.match(number) is not None


def _time(newest: str, now: datetime) -> str:
    return str(max(int(f"{now:{_TIMES[len(newest)]}}"), int(newest) + 1))
