"""The types of MongoDB Extended JSON v2: the form of each, and what BSON makes of it."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bson.binary import Binary
from bson.code import Code
from bson.datetime_ms import DatetimeMS
from bson.dbref import DBRef
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.max_key import MaxKey
from bson.min_key import MinKey
from bson.objectid import ObjectId
from bson.regex import Regex
from bson.timestamp import Timestamp

STRING = re.compile("[^\ud800-\udfff]*")  # half of a surrogate pair is not UTF-8
C_STRING = re.compile("[^\0\ud800-\udfff]*")

_HEX_24 = re.compile("[0-9a-fA-F]{24}")
_HEX_2 = re.compile("[0-9a-fA-F]{1,2}")
_UUID = re.compile("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_INTEGER = re.compile("-?(?:0|[1-9][0-9]*)")
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_DOUBLE = re.compile(f"{_NUMBER}|-?Infinity|NaN")
_DECIMAL = re.compile(f"{_NUMBER}|[+-]?(?i:inf|infinity|nan)")
_OPTIONS = re.compile("[ilmsux]*")
_ZONE = "Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9]"
_TIME = re.compile(
    r"([0-9]{4})(-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
    rf"(?:\.[0-9]{{1,9}})?(?:{_ZONE}))"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FOUR_CENTURIES = timedelta(days=146_097)  # after which the calendar repeats


@dataclass(frozen=True, slots=True)
class Wrapper:
    """One way to write a type.

    Where `form` varies it has a pattern or a type, and `make` gets what stands there, in order; it
    raises ValueError or ArithmeticError where BSON has no such value. `example` is for the user.
    """

    form: Mapping[str, Any]
    make: Callable[..., Any]
    example: str


def _int32(digits: str) -> int:
    return _integer(digits, 32)


def _int64(digits: str) -> Int64:
    return Int64(_integer(digits, 64))


def _integer(digits: str, bits: int) -> int:
    value = int(digits)
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise ValueError(digits)
    return value


def _double(digits: str) -> float:
    value = float(digits)
    if math.isinf(value) and not digits.endswith("Infinity"):
        raise ValueError(digits)
    return value


def _binary(text: str, subtype: str) -> Binary:
    data = base64.b64decode(text)  # which skips what it does not know
    if base64.b64encode(data).decode() != text:
        raise ValueError(text)
    return Binary(data, int(subtype, 16))


def _uuid(text: str) -> Binary:
    return Binary.from_uuid(UUID(text))


def _regex(pattern: str, options: str) -> Regex[str]:
    if len(set(options)) < len(options):
        raise ValueError(options)
    return Regex(pattern, options)


def _pointer(collection: str, oid: str) -> DBRef:
    return DBRef(collection, ObjectId(oid))


def _time(year: str, rest: str) -> DatetimeMS:
    """That instant; Python's calendar, which begins with the year 1, is asked for a later year."""
    cycles, within = divmod(int(year), 400)
    later = datetime.fromisoformat(f"{2000 + within}{rest}")
    return DatetimeMS((later - _EPOCH + (cycles - 5) * _FOUR_CENTURIES) // _MILLISECOND)


def _milliseconds(digits: str) -> DatetimeMS:
    return DatetimeMS(_integer(digits, 64))


def _null() -> None:
    """BSON's undefined, which is deprecated, and which the driver cannot write."""


# $symbol, $undefined and $dbPointer are deprecated: they become what the corpus converts them to.
WRAPPERS = (
    Wrapper({"$oid": _HEX_24}, ObjectId, '{"$oid": "<24 hexadecimal digits>"}'),
    Wrapper({"$symbol": STRING}, str, '{"$symbol": "<text>"}'),
    Wrapper({"$numberInt": _INTEGER}, _int32, '{"$numberInt": "<a whole number of 32 bits>"}'),
    Wrapper({"$numberLong": _INTEGER}, _int64, '{"$numberLong": "<a whole number of 64 bits>"}'),
    Wrapper({"$numberDouble": _DOUBLE}, _double, '{"$numberDouble": "<number, Infinity or NaN>"}'),
    Wrapper(
        {"$numberDecimal": _DECIMAL},
        Decimal128,
        '{"$numberDecimal": "<a number of at most 34 digits, Infinity or NaN>"}',
    ),
    Wrapper(
        {"$binary": {"base64": STRING, "subType": _HEX_2}},
        _binary,
        '{"$binary": {"base64": "<base64, padded with =>", "subType": "<2 hexadecimal digits>"}}',
    ),
    Wrapper({"$uuid": _UUID}, _uuid, '{"$uuid": "c8edabc3-f738-4ca3-b68d-ab92a91478a3"}'),
    Wrapper({"$code": STRING}, Code, '{"$code": "<text>"}'),
    Wrapper(
        {"$code": STRING, "$scope": dict},
        Code,
        '{"$code": "<text>", "$scope": {<document>}}',
    ),
    Wrapper(
        {"$timestamp": {"t": int, "i": int}},
        Timestamp,
        '{"$timestamp": {"t": <32 bits>, "i": <32 bits>}}',
    ),
    Wrapper(
        {"$regularExpression": {"pattern": C_STRING, "options": _OPTIONS}},
        _regex,
        '{"$regularExpression": {"pattern": "<text>", "options": "<of ilmsux, each once>"}}',
    ),
    Wrapper(
        {"$dbPointer": {"$ref": STRING, "$id": {"$oid": _HEX_24}}},
        _pointer,
        '{"$dbPointer": {"$ref": "<collection>", "$id": {"$oid": "<24 hexadecimal digits>"}}}',
    ),
    Wrapper(
        {"$date": _TIME},
        _time,
        '{"$date": "2025-06-01T00:00:00Z"} (a time with its zone, in the years 0000 to 9999)',
    ),
    Wrapper(
        {"$date": {"$numberLong": _INTEGER}},
        _milliseconds,
        '{"$date": {"$numberLong": "<milliseconds since 1970>"}}',
    ),
    Wrapper({"$minKey": 1}, MinKey, '{"$minKey": 1}'),
    Wrapper({"$maxKey": 1}, MaxKey, '{"$maxKey": 1}'),
    Wrapper({"$undefined": True}, _null, '{"$undefined": true}'),
)
