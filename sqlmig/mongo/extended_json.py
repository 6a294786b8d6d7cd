"""MongoDB Extended JSON v2, read as strictly as MongoDB's BSON corpus requires.

https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from sqlmig.model.suggestions import did_you_mean, nearest
from sqlmig.mongo.json_text import BadNumber, Members
from sqlmig.mongo.place import Path
from sqlmig.mongo.wrappers import C_STRING, STRING, WRAPPERS, Part, Wrapper

_DEEPEST = 100  # levels; "MongoDB Limits and Thresholds"
# The forms by the keys that mark them: an object with such a key must have one of these forms.
_FORMS: dict[str, list[Wrapper]] = defaultdict(list)
for _wrapper in WRAPPERS:
    for _key in _wrapper.form:
        _FORMS[_key].append(_wrapper)
_SPELLINGS = {key.lower(): key for key in _FORMS}
_DBREF = {"$ref", "$id", "$db"}  # a convention for documents, not a type
_ALIKE = 0.85  # the share of characters that two names must have in common
_NOT_PLAIN = (Members, list, BadNumber)


class RefusedValueError(Exception):
    """The value at `path` in a document cannot be stored; `remedy` may be ""."""

    def __init__(self, message: str, remedy: str = "", path: Path = ()) -> None:
        super().__init__(message)
        self.path = path
        self.remedy = remedy


def converted(value: Any) -> Any:
    """The value as BSON has it, with its wrappers (`$oid`, …) resolved. Raises RefusedValueError.

    Keys and texts are not checked; see `refuse_bad_text`.
    """
    try:
        return _converted(value, 0)
    except RefusedValueError as error:
        error.path = error.path if len(error.path) <= _DEEPEST else error.path[:1]
        raise


def refuse_bad_text(value: Any) -> None:
    """Raises RefusedValueError for the first key or text in a converted value that BSON cannot
    hold."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not C_STRING.fullmatch(key):
                message = "a key that holds NUL or half of a surrogate pair"
                raise RefusedValueError(message, "Rename it: MongoDB cannot store it.")
            _below(key, refuse_bad_text, item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _below(index, refuse_bad_text, item)
    elif isinstance(value, str) and not STRING.fullmatch(value):
        raise RefusedValueError("half of a surrogate pair")


def _converted(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise RefusedValueError(f"more than {_DEEPEST} levels deep")
    if isinstance(value, Members):
        return _converted_object(value, depth)
    if isinstance(value, list):
        return [_below(index, _converted, item, depth + 1) for index, item in enumerate(value)]
    if isinstance(value, BadNumber):
        raise RefusedValueError(*value)
    return value


def _below(step: str | int, read: Callable[..., Any], *arguments: Any) -> Any:
    """The result of `read` for a part; adds the step to the front of the path of its errors."""
    try:
        return read(*arguments)
    except RefusedValueError as error:
        error.path = (step, *error.path)
        raise


def _converted_object(members: Members, depth: int) -> Any:
    document = dict(members)
    if len(document) < len(members):
        ((twice, _),) = Counter(key for key, _ in members).most_common(1)
        raise RefusedValueError("this key is given twice", "Remove one of them.", (twice,))
    for key in document if "$" in "".join(document) else ():
        if key in _FORMS:
            return _unwrapped(key, members, depth)
        if key.startswith("$") and key not in _DBREF:
            _check_meaning(key, members)
    for key, item in members:
        if type(item) in _NOT_PLAIN or depth == _DEEPEST:
            document[key] = _below(key, _converted, item, depth + 1)
    return document


def _check_meaning(key: str, members: Members) -> None:
    """Refuses keys that other tools, or the author, would take for a type; a document may have any
    other key."""
    if key == "$regex" and [type(item) for _, item in members] == [str, str]:
        raise _unreadable(key, "$regularExpression")
    if near := nearest(key.lower(), _SPELLINGS, _ALIKE):
        message = f"{key!r} is not a type of Extended JSON v2"
        raise RefusedValueError(message, did_you_mean(_SPELLINGS[near], ""), (key,))


def _unwrapped(key: str, members: Members, depth: int) -> Any:
    for wrapper in _FORMS[key]:
        with suppress(ValueError, ArithmeticError):
            return wrapper.make(*_varying(wrapper.form, members, depth))
    raise _unreadable(key, key)


def _unreadable(written: str, meant: str) -> RefusedValueError:
    forms = " or ".join(wrapper.example for wrapper in _FORMS[meant])
    return RefusedValueError(f"this {written} cannot be read", f"Write {forms}.")


def _varying(form: Any, value: Any, depth: int) -> Sequence[Any]:
    """The parts of the value where the form varies.

    Raises ValueError for a value of another form, and RefusedValueError for an error inside a
    scope.
    """
    if isinstance(form, dict):
        found = dict(value) if isinstance(value, Members) else {}
        if found.keys() != form.keys() or len(found) != len(value):
            raise ValueError(value)
        inner = ((key, part, found[key]) for key, part in form.items())
        parts = (_below(key, _varying, part, item, depth + 1) for key, part, item in inner)
        return [each for part in parts for each in part]
    if isinstance(form, Part):
        return _in_part(form.kind, value, depth)
    if (type(form), form) != (type(value), value):
        raise ValueError(value)
    return ()


def _in_part(kind: re.Pattern[str] | type, value: Any, depth: int) -> Sequence[Any]:
    if isinstance(kind, re.Pattern):
        if isinstance(value, str) and (match := kind.fullmatch(value)):
            return match.groups() or [value]
        raise ValueError(value)
    item = _converted(value, depth) if kind is dict else value
    refuse_bad_text(item)
    if type(item) is not kind:
        raise ValueError(value)
    return [item]
