"""MongoDB Extended JSON v2, read as strictly as MongoDB's own BSON corpus has it.

https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from sqlmig.model.suggestions import did_you_mean, nearest
from sqlmig.mongo.json_text import Members, Path
from sqlmig.mongo.wrappers import C_STRING, STRING, WRAPPERS, Part, Wrapper

_DEEPEST = 100  # levels; "MongoDB Limits and Thresholds"
# The forms by each key that marks them: an object with such a key has one of these forms.
_FORMS: dict[str, list[Wrapper]] = defaultdict(list)
for _wrapper in WRAPPERS:
    for _key in _wrapper.form:
        _FORMS[_key].append(_wrapper)
_SPELLINGS = {key.lower(): key for key in _FORMS}
_DBREF = {"$ref", "$id", "$db"}  # a convention among documents, not a type
_ALIKE = 0.85  # of two names' characters


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
    if isinstance(value, str) and not STRING.fullmatch(value):
        raise RefusedValueError("half of a surrogate pair", path)
    return value


def _converted_object(members: Members, path: Path) -> Any:
    keys: set[str] = set()
    for key, _ in members:
        if not C_STRING.fullmatch(key):
            message = "a key that holds NUL or half of a surrogate pair"
            raise RefusedValueError(message, path, "Rename it: MongoDB cannot store it.")
        if key in keys:
            raise RefusedValueError("this key is given twice", (*path, key), "Remove one of them.")
        keys.add(key)
    for key in dict(members):
        if key in _FORMS:
            return _unwrapped(key, members, path)
        if key.startswith("$") and key not in _DBREF:
            _check_meaning(key, members, path)
    return {key: converted(item, (*path, key)) for key, item in members}


def _check_meaning(key: str, members: Members, path: Path) -> None:
    """Any key may stand in a document, but for one that other tools, or its author, would take
    for a type."""
    if key == "$regex" and [type(item) for _, item in members] == [str, str]:
        raise _unreadable(key, "$regularExpression", path)
    if near := nearest(key.lower(), _SPELLINGS, _ALIKE):
        message = f"{key!r} is not a type of Extended JSON v2"
        raise RefusedValueError(message, (*path, key), did_you_mean(_SPELLINGS[near], ""))


def _unwrapped(key: str, members: Members, path: Path) -> Any:
    for wrapper in _FORMS[key]:
        with suppress(ValueError, ArithmeticError):
            return wrapper.make(*_varying(wrapper.form, members, path))
    raise _unreadable(key, key, path)


def _unreadable(written: str, meant: str, path: Path) -> RefusedValueError:
    forms = " or ".join(wrapper.example for wrapper in _FORMS[meant])
    return RefusedValueError(f"this {written} cannot be read", path, f"Write {forms}.")


def _varying(form: Any, value: Any, path: Path) -> Iterator[Any]:
    """What stands in the value where the form varies.

    Raises ValueError for a value of another form, and RefusedValueError for what a scope holds.
    """
    if isinstance(form, dict):
        found = dict(value) if isinstance(value, Members) else {}
        if found.keys() != form.keys() or len(found) != len(value):
            raise ValueError(path)
        for key, inner in form.items():
            yield from _varying(inner, found[key], (*path, key))
    elif isinstance(form, Part):
        yield from _in_part(form.kind, value, path)
    elif (type(form), form) != (type(value), value):
        raise ValueError(path)


def _in_part(kind: re.Pattern[str] | type, value: Any, path: Path) -> Sequence[Any]:
    if isinstance(kind, re.Pattern):
        if isinstance(value, str) and (match := kind.fullmatch(value)):
            return match.groups() or [value]
        raise ValueError(path)
    item = converted(value, path) if kind is dict else value
    if type(item) is not kind:
        raise ValueError(path)
    return [item]
