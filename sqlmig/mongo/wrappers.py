"""The types of MongoDB Extended JSON v2: the form of each, and its BSON value."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import bson

STRING = re.compile("[^\ud800-\udfff]*")  # half of a surrogate pair cannot be encoded in UTF-8
C_STRING = re.compile("[^\0\ud800-\udfff]*")

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TIME = (
    r"([0-9]{4})(-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9]))"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FOUR_CENTURIES = timedelta(days=146_097)  # after which the calendar repeats


@dataclass(frozen=True, slots=True)
class Part:
    """A variable part of a form: a text that matches a pattern, or a value of a type."""

    kind: re.Pattern[str] | type
    example: str


@dataclass(frozen=True, slots=True)
class Wrapper:
    """One way to write a type.

    `make` receives the values of the parts of `form`, in order; it raises ValueError or
    ArithmeticError if BSON has no such value.
    """

    form: Mapping[str, Any]
    make: Callable[..., Any]

    @property
    def example(self) -> str:
        """The form as shown to the user."""
        return _example(self.form)


def _example(form: Any) -> str:
    if isinstance(form, dict):
        members = (f'"{key}": {_example(value)}' for key, value in form.items())
        return f"{{{', '.join(members)}}}"
    return form.example if isinstance(form, Part) else json.dumps(form)


def _text(words: str, pattern: str | re.Pattern[str] = STRING) -> Part:
    return Part(re.compile(pattern), f'"<{words}>"')


def _integer(bits: int, make: Callable[[int], Any] = int) -> Callable[[str], Any]:
    def made(digits: str) -> Any:
        value = int(digits)
        if not -(1 << bits - 1) <= value < 1 << bits - 1:
            raise ValueError(digits)
        return make(value)

    return made


def _double(digits: str) -> float:
    value = float(digits)
    if math.isinf(value) and not digits.endswith("Infinity"):
        raise ValueError(digits)
    return value


def _binary(text: str, subtype: str) -> bson.Binary:
    data = base64.b64decode(text)  # it ignores invalid characters
    if base64.b64encode(data).decode() != text:
        raise ValueError(text)
    return bson.Binary(data, int(subtype, 16))


def _regex(pattern: str, options: str) -> bson.Regex[str]:
    if len(set(options)) < len(options):
        raise ValueError(options)
    return bson.Regex(pattern, options)


def _time(year: str, rest: str) -> bson.DatetimeMS:
    """The instant. Python's calendar begins with the year 1, so it computes with a later year."""
    cycles, within = divmod(int(year), 400)
    later = datetime.fromisoformat(f"{2000 + within}{rest}")
    return bson.DatetimeMS((later - _EPOCH + (cycles - 5) * _FOUR_CENTURIES) // _MILLISECOND)


_HEX_24 = _text("24 hexadecimal digits", "[0-9a-fA-F]{24}")
_HEX_2 = _text("2 hexadecimal digits", "[0-9a-fA-F]{1,2}")
_UUID = _text(
    "8-4-4-4-12 hexadecimal digits", "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
)
_INTEGER = "-?(?:0|[1-9][0-9]*)"
_INT = _text("a whole number of 32 bits", _INTEGER)
_LONG = _text("a whole number of 64 bits", _INTEGER)
_DOUBLE = _text("number, Infinity or NaN", f"{_NUMBER}|-?Infinity|NaN")
_DECIMAL = _text(
    "a number of at most 34 digits, Infinity or NaN", f"{_NUMBER}|[+-]?(?i:inf|infinity|nan)"
)
_BASE64 = _text("base64, padded with =")
_OPTIONS = _text("of ilmsux, each once", "[ilmsux]*")
_DATE = _text(
    "a time with its zone, such as 2025-06-01T00:00:00Z, in the years 0000 to 9999", _TIME
)
_MILLISECONDS = _text("milliseconds since 1970", _INTEGER)
_32_BITS = Part(int, "<32 bits>")

# $symbol, $undefined and $dbPointer are deprecated: they become what the corpus converts them to,
# since the driver cannot write undefined.
WRAPPERS = (
    Wrapper({"$oid": _HEX_24}, bson.ObjectId),
    Wrapper({"$symbol": _text("text")}, str),
    Wrapper({"$numberInt": _INT}, _integer(32)),
    Wrapper({"$numberLong": _LONG}, _integer(64, bson.Int64)),
    Wrapper({"$numberDouble": _DOUBLE}, _double),
    Wrapper({"$numberDecimal": _DECIMAL}, bson.Decimal128),
    Wrapper({"$binary": {"base64": _BASE64, "subType": _HEX_2}}, _binary),
    Wrapper({"$uuid": _UUID}, lambda text: bson.Binary.from_uuid(UUID(text))),
    Wrapper({"$code": _text("text")}, bson.Code),
    Wrapper({"$code": _text("text"), "$scope": Part(dict, "{<document>}")}, bson.Code),
    Wrapper({"$timestamp": {"t": _32_BITS, "i": _32_BITS}}, bson.Timestamp),
    Wrapper(
        {"$regularExpression": {"pattern": _text("text", C_STRING), "options": _OPTIONS}}, _regex
    ),
    Wrapper(
        {"$dbPointer": {"$ref": _text("collection"), "$id": {"$oid": _HEX_24}}},
        lambda collection, oid: bson.DBRef(collection, bson.ObjectId(oid)),
    ),
    Wrapper({"$date": _DATE}, _time),
    Wrapper({"$date": {"$numberLong": _MILLISECONDS}}, _integer(64, bson.DatetimeMS)),
    Wrapper({"$minKey": 1}, bson.MinKey),
    Wrapper({"$maxKey": 1}, bson.MaxKey),
    Wrapper({"$undefined": True}, lambda: None),
)
