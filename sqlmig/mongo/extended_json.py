"""MongoDB Extended JSON v2, read strictly, which `bson.json_util` alone does not.

https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md
"""

from __future__ import annotations

import math
import re
from typing import Any

import bson
from bson import json_util
from bson.errors import BSONError
from bson.int64 import Int64

from sqlmig.source.json_text import Members, Path

_DEEPEST = 100  # levels; "MongoDB Limits and Thresholds"
_OPTIONS = json_util.JSONOptions(tz_aware=True)
_WRAPPERS = {
    "$oid": "24 hexadecimal digits",
    "$date": "a time with its zone, such as 2025-06-01T00:00:00Z",
    "$numberInt": "a whole number of 32 bits, in quotes",
    "$numberLong": "a whole number of 64 bits, in quotes",
    "$numberDouble": "a number, in quotes",
    "$numberDecimal": "a decimal number, in quotes",
    "$binary": 'an object with "base64" and "subType"',
    "$uuid": "a UUID with its hyphens",
    "$timestamp": 'an object with "t" and "i"',
    "$regularExpression": 'an object with "pattern" and "options"',
    "$minKey": "1",
    "$maxKey": "1",
}
# What json_util reads too kindly: a date without its zone would silently become UTC.
_FORMS = {
    "$oid": re.compile(r"[0-9a-fA-F]{24}"),
    "$date": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)"),
}


class RefusedValueError(Exception):
    """What stands at `path` in a document cannot be stored; `remedy` may be ""."""

    def __init__(self, message: str, path: Path, remedy: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.remedy = remedy


def converted(value: Any, path: Path = ()) -> Any:
    """The value as BSON has it, its wrappers (`$oid`, …) resolved. Raises RefusedValueError."""
    if len(path) > _DEEPEST:
        raise RefusedValueError(f"more than {_DEEPEST} levels deep", path[:1])
    if isinstance(value, Members):
        return _converted_object(value, path)
    if isinstance(value, list):
        return [converted(item, (*path, index)) for index, item in enumerate(value)]
    _check_scalar(value, path)
    return value


def _converted_object(members: Members, path: Path) -> Any:
    result: dict[str, Any] = {}
    for key, item in members:
        here = (*path, key)
        if key in result:
            raise RefusedValueError("this key is given twice", here, "Remove one of them.")
        result[key] = converted(item, here)
    if any(key.startswith("$") for key in result):
        return _unwrapped(result, path)
    for key in result:
        if not key or "." in key or "\0" in key:
            remedy = "Rename it: MongoDB could store it, but not find or update it."
            raise RefusedValueError("a key that is empty or holds a dot or NUL", path, remedy)
    return result


def _unwrapped(members: dict[str, Any], path: Path) -> Any:
    name, *others = members
    if others or name not in _WRAPPERS:
        unknown = next(key for key in members if key.startswith("$"))
        raise RefusedValueError(
            f"{unknown!r} is no type of Extended JSON, or does not stand alone",
            (*path, unknown),
            f"A key that begins with $ is one of {', '.join(_WRAPPERS)}, alone in its object.",
        )
    try:
        _check_form(name, members[name])
        value = json_util.object_hook(members, _OPTIONS)
        bson.encode({"": value})
    except (ValueError, TypeError, ArithmeticError, BSONError) as error:
        remedy = f"{name} wants {_WRAPPERS[name]}."
        raise RefusedValueError(f"this {name} cannot be read", path, remedy) from error
    return value


def _check_form(name: str, value: Any) -> None:
    canonical_date = name == "$date" and isinstance(value, Int64)
    if name in _FORMS and not canonical_date and not _FORMS[name].fullmatch(value):
        raise ValueError(name)


def _check_scalar(value: Any, path: Path) -> None:
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        remedy = 'Write it as {"$numberDecimal": "…"}.'
        raise RefusedValueError("a whole number beyond 64 bits", path, remedy)
    if isinstance(value, float) and not math.isfinite(value):
        remedy = 'If you mean it, write {"$numberDouble": "NaN"} or "Infinity".'
        raise RefusedValueError("not a finite number", path, remedy)
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise RefusedValueError("half of a surrogate pair", path) from error
