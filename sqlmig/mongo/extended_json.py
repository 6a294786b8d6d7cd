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
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")
_OPTIONS = json_util.JSONOptions(tz_aware=True)
_TYPES = (
    *("$oid", "$date", "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal", "$binary"),
    *("$uuid", "$timestamp", "$regularExpression", "$minKey", "$maxKey"),
)
# What json_util reads too kindly: a date without its zone would silently become UTC.
_FORMS = {
    "$oid": (re.compile(r"[0-9a-fA-F]{24}"), "24 hexadecimal digits"),
    "$date": (
        re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)"),
        "a time with its zone, such as 2025-06-01T00:00:00Z",
    ),
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
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        remedy = 'Write it as {"$numberDecimal": "…"}.'
        raise RefusedValueError("a whole number beyond 64 bits", path, remedy)
    if isinstance(value, float) and not math.isfinite(value):
        remedy = 'If you mean it, write {"$numberDouble": "NaN"} or "Infinity".'
        raise RefusedValueError("not a finite number", path, remedy)
    if isinstance(value, str) and _HALF_OF_A_PAIR.search(value):
        raise RefusedValueError("half of a surrogate pair", path)
    return value


def _converted_object(members: Members, path: Path) -> Any:
    result: dict[str, Any] = {}
    for key, item in members:
        here = (*path, key)
        if key in result:
            raise RefusedValueError("this key is given twice", here, "Remove one of them.")
        if not key or "." in key or "\0" in key:
            remedy = "Rename it: MongoDB could store it, but not find or update it."
            raise RefusedValueError("a key that is empty or holds a dot or NUL", path, remedy)
        result[key] = converted(item, here)
    wrapper = next((key for key in result if key.startswith("$")), None)
    return result if wrapper is None else _unwrapped(wrapper, result, path)


def _unwrapped(name: str, members: dict[str, Any], path: Path) -> Any:
    if len(members) > 1 or name not in _TYPES:
        raise RefusedValueError(
            f"{name!r} is no type of Extended JSON, or does not stand alone",
            (*path, name),
            f"A key that begins with $ is one of {', '.join(_TYPES)}, alone in its object.",
        )
    form, wanted = _FORMS.get(name, (None, "what MongoDB Extended JSON v2 says of it"))
    try:
        is_milliseconds = isinstance(members[name], Int64)
        if form and not is_milliseconds and not form.fullmatch(members[name]):
            raise ValueError(name)
        value = json_util.object_hook(members, _OPTIONS)
        bson.encode({"": value})
    except (ValueError, TypeError, ArithmeticError, BSONError) as error:
        message = f"this {name} cannot be read"
        raise RefusedValueError(message, path, f"{name} wants {wanted}.") from error
    return value
