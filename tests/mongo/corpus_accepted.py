"""What a reader of Extended JSON must accept according to MongoDB's BSON corpus, as our own cases.

Each value comes with its BSON bytes, which are made here, without the driver: its type, then its
value. https://bsonspec.org/spec.html
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

OID = "56e1fc72e0c917e9c4714161"
_TEXTS = ("", "b", "abababababab", "éééééé", "☆☆☆☆", "😀", "ab\0ba\0b", "\\\"'/\b\f\n\r\t\x01\x1f")
_DIGITS = (
    *("0", "1", "7", "9", "10", "12", "100", "1265", "5000", "12345678", "5192296858534827628530"),
    *("9" * 33, "1234567890123456789012345678901234", "9" * 34),
)
_EXPONENTS = (-6176, -6143, -100, -20, -8, -7, -6, -5, -3, -1, 0, 1, 3, 6, 9, 20, 100, 6000, 6111)


@dataclass(frozen=True)
class Accepted:
    """`form` is canonical, relaxed or degenerate; `stored` is the type and the value."""

    form: str
    written: str
    stored: bytes

    @property
    def document(self) -> bytes:
        """A document whose field `x` has the value."""
        element = self.stored[:1] + b"x\0" + self.stored[1:]
        return struct.pack("<i", len(element) + 5) + element + b"\0"

    def __str__(self) -> str:
        return f"{self.form} {self.written:.60}"


def _string(text: str) -> bytes:
    data = text.encode() + b"\0"
    return struct.pack("<i", len(data)) + data


def _embedded(*elements: bytes) -> bytes:
    inside = b"".join(elements)
    return struct.pack("<i", len(inside) + 5) + inside + b"\0"


def _written(name: str, value: object, **more: object) -> str:
    return json.dumps({name: value, **{f"${key}": other for key, other in more.items()}})


def _numbers() -> Iterator[Accepted]:
    for number in (0, 1, -1, 42, (1 << 31) - 1, -(1 << 31)):
        stored = b"\x10" + struct.pack("<i", number)
        yield Accepted("canonical", _written("$numberInt", str(number)), stored)
        yield Accepted("relaxed", str(number), stored)
    for number in (0, 1, -1, 42, 1 << 31, -(1 << 31) - 1, (1 << 63) - 1, -(1 << 63)):
        stored = b"\x12" + struct.pack("<q", number)
        yield Accepted("canonical", _written("$numberLong", str(number)), stored)
        if not -(1 << 31) <= number < 1 << 31:
            yield Accepted("relaxed", str(number), stored)
    for text in ("0.0", "-0.0", "1.0", "-1.0", "1.0001220703125", "1.2345678921232E+18", "5e-324"):
        stored = b"\x01" + struct.pack("<d", float(text))
        yield Accepted("canonical", _written("$numberDouble", text), stored)
        yield Accepted("relaxed", text, stored)
    for text in ("Infinity", "-Infinity", "NaN", ".5", "5.", "+1.5", "1e3", "42"):
        stored = b"\x01" + struct.pack("<d", float(text))
        form = "canonical" if text[-1] in "yN" else "degenerate"
        yield Accepted(form, _written("$numberDouble", text), stored)


def _decimal(form: str, text: str, sign: str, coefficient: int, exponent: int) -> Accepted:
    high = (exponent + 6176 << 113) | coefficient | (sign == "-") << 127
    return Accepted(form, _written("$numberDecimal", text), b"\x13" + high.to_bytes(16, "little"))


def _scientific(digits: str, exponent: int) -> str:
    """The single canonical text, according to the specification of Decimal128."""
    adjusted = exponent + len(digits) - 1
    if exponent <= 0 and adjusted >= -6:
        padded = digits.rjust(1 - exponent, "0")
        return f"{padded[:exponent]}.{padded[exponent:]}" if exponent else padded
    point = f".{digits[1:]}" if digits[1:] else ""
    return f"{digits[0]}{point}E{adjusted:+}"


def _decimals() -> Iterator[Accepted]:
    for sign, digits, exponent in product(("", "-"), _DIGITS, _EXPONENTS):
        text = f"{sign}{_scientific(digits, exponent)}"
        yield _decimal("canonical", text, sign, int(digits), exponent)
    for digits, exponent in product(_DIGITS, _EXPONENTS[3:-3]):
        yield _decimal("degenerate", f"+00{digits}e{exponent:+04}", "", int(digits), exponent)
        yield _decimal("degenerate", f"-{digits}.E{exponent}", "-", int(digits), exponent)
    for written, sign, coefficient, exponent in (
        ("1E6112", "", 10, 6111),
        ("-1E+6144", "-", 10**33, 6111),
        ("1.23E+6144", "", 123 * 10**31, 6111),
        ("0E+6112", "", 0, 6111),
        ("-0E+2147483647", "-", 0, 6111),
        ("0E-6177", "", 0, -6176),
        ("-0E-2147483647", "-", 0, -6176),
        ("10E-6177", "", 1, -6176),
        ("1.0E-6176", "", 1, -6176),
        ("1" + "0" * 40, "", 10**33, 7),
        ("1.1" + "0" * 40, "", 11 * 10**32, -33),
        ("." + "0" * 998 + "1", "", 1, -999),
        ("0" * 5000 + "1", "", 1, 0),
        (".5", "", 5, -1),
        ("-.0", "-", 0, -1),
        ("5.", "", 5, 0),
    ):
        yield _decimal("degenerate", written, sign, coefficient, exponent)
    for written, high in (("NaN", 0x7C), ("Infinity", 0x78), ("-Infinity", 0xF8)):
        yield Accepted("canonical", _written("$numberDecimal", written), _special(high))
    for spelling in ("inf", "Inf", "iNf", "infinity", "infiniTY", "INFINITY"):
        for sign, high in (("", 0x78), ("+", 0x78), ("-", 0xF8)):
            written = _written("$numberDecimal", sign + spelling)
            yield Accepted("degenerate", written, _special(high))
    for spelling, high in (("nan", 0x7C), ("nAn", 0x7C), ("+NaN", 0x7C), ("-NaN", 0xFC)):
        yield Accepted("degenerate", _written("$numberDecimal", spelling), _special(high))


def _special(high: int) -> bytes:
    return b"\x13" + bytes(15) + bytes([high])


def _texts() -> Iterator[Accepted]:
    code = "function() { return 1; }"
    one = b"\x10n\0" + struct.pack("<i", 1)
    for text in _TEXTS:
        yield Accepted("canonical", json.dumps(text), b"\x02" + _string(text))
        yield Accepted("canonical", _written("$symbol", text), b"\x02" + _string(text))
        yield Accepted("canonical", _written("$code", text), b"\x0d" + _string(text))
    for text, elements in product((*_TEXTS, code), ((), (one,))):
        inside = _string(text) + _embedded(*elements)
        stored = b"\x0f" + struct.pack("<i", len(inside) + 4) + inside
        scope = '{"n": {"$numberInt": "1"}}' if elements else "{}"
        pair = [f'"$code": {json.dumps(text)}', f'"$scope": {scope}']
        yield Accepted("canonical", f"{{{pair[0]}, {pair[1]}}}", stored)
        yield Accepted("degenerate", f"{{{pair[1]}, {pair[0]}}}", stored)
    for pattern, options in product(
        ("", "abc", "ab/cd", 'ab\\"ab', "é"), ("", "i", "im", "ilmsux")
    ):
        stored = b"\x0b" + pattern.encode() + b"\0" + options.encode() + b"\0"
        value = {"pattern": pattern, "options": options}
        yield Accepted("canonical", _written("$regularExpression", value), stored)
        value = {"options": options[::-1], "pattern": pattern}
        yield Accepted("degenerate", _written("$regularExpression", value), stored)


def _bytes() -> Iterator[Accepted]:
    for data, subtype in product(
        (b"", b"\xff", b"\xff\xff", b"\xfb\xff\xbf"), (0, 1, 5, 6, 7, 8, 128, 255)
    ):
        stored = b"\x05" + struct.pack("<i", len(data)) + bytes([subtype]) + data
        text = base64.b64encode(data).decode()
        value = {"base64": text, "subType": f"{subtype:02x}"}
        yield Accepted("canonical", _written("$binary", value), stored)
        value = {"subType": f"{subtype:X}", "base64": text}
        yield Accepted("degenerate", _written("$binary", value), stored)
    nested = struct.pack("<i", 6) + b"\x02" + struct.pack("<i", 2) + b"\xff\xff"
    value = {"base64": "//8=", "subType": "02"}
    yield Accepted("canonical", _written("$binary", value), b"\x05" + nested)
    uuid = "73ffd264-44b3-4c69-90e8-e7d1dfc035d4"
    data = bytes.fromhex(uuid.replace("-", ""))
    for subtype in (3, 4):
        stored = b"\x05" + struct.pack("<i", 16) + bytes([subtype]) + data
        value = {"base64": base64.b64encode(data).decode(), "subType": f"{subtype:02}"}
        yield Accepted("canonical", _written("$binary", value), stored)
    yield Accepted("degenerate", _written("$uuid", uuid), stored)
    yield Accepted("degenerate", _written("$uuid", uuid.upper()), stored)
    for oid in ("0" * 24, "f" * 24, OID):
        stored = b"\x07" + bytes.fromhex(oid)
        yield Accepted("canonical", _written("$oid", oid), stored)
        yield Accepted("degenerate", _written("$oid", oid.upper()), stored)


def _moments() -> Iterator[Accepted]:
    for milliseconds, times in (
        (0, ("1970-01-01T00:00:00Z", "1970-01-01T05:30:00+05:30", "1969-12-31T16:00:00.000-0800")),
        (1356351330501, ("2012-12-24T12:15:30.501Z",)),
        (1356351330001, ("2012-12-24T12:15:30.001Z", "2012-12-24T12:15:30.001999999+00:00")),
        (1356351330570, ("2012-12-24T12:15:30.57Z",)),
        (-284643869501, ("1960-12-24T12:15:30.499Z",)),
        (-1, ("1969-12-31T23:59:59.999Z",)),
        (951782400000, ("2000-02-29T00:00:00Z",)),
        (-62135596800000, ("0001-01-01T00:00:00Z",)),
        (-62167219200000, ("0000-01-01T00:00:00Z",)),
        (-62162121600000, ("0000-02-29T00:00:00Z",)),
        (253402300799999, ("9999-12-31T23:59:59.999Z",)),
        (253402300800000, ("9999-12-31T23:00:00-01:00",)),
        (-62167219200001, ()),
        ((1 << 63) - 1, ()),
        (-(1 << 63), ()),
    ):
        stored = b"\x09" + struct.pack("<q", milliseconds)
        yield Accepted("canonical", f'{{"$date": {{"$numberLong": "{milliseconds}"}}}}', stored)
        for time in times:
            yield Accepted("relaxed", _written("$date", time), stored)
    for t, i in ((123456789, 42), (0, 0), (4000000000, 4000000000), (0xFFFFFFFF, 0xFFFFFFFF)):
        stored = b"\x11" + struct.pack("<II", i, t)
        yield Accepted("canonical", _written("$timestamp", {"t": t, "i": i}), stored)
        yield Accepted("degenerate", _written("$timestamp", {"i": i, "t": t}), stored)


def _constants() -> Iterator[Accepted]:
    for written, stored in (
        ("true", b"\x08\x01"),
        ("false", b"\x08\x00"),
        ("null", b"\x0a"),
        ('{"$undefined": true}', b"\x0a"),
        ('{"$minKey": 1}', b"\xff"),
        ('{"$maxKey": 1}', b"\x7f"),
    ):
        yield Accepted("canonical", written, stored)


def _documents() -> Iterator[Accepted]:
    oid = b"\x07$id\0" + bytes.fromhex(OID)
    identifier = f'"$id": {{"$oid": "{OID}"}}'
    yield Accepted("canonical", "{}", b"\x03" + _embedded())
    yield Accepted("canonical", "[]", b"\x04" + _embedded())
    for key in ("a", "", "$", "$a", "$key", "$type", "$options", "$frob", ".", "a.b", "é"):
        stored = b"\x03" + _embedded(b"\x02" + key.encode() + b"\0" + _string("b"))
        yield Accepted("canonical", json.dumps({key: "b"}), stored)
    for count in range(1, 4):
        items = (b"\x10%d\0" % index + struct.pack("<i", index) for index in range(count))
        written = ", ".join(f'{{"$numberInt": "{index}"}}' for index in range(count))
        yield Accepted("canonical", f"[{written}]", b"\x04" + _embedded(*items))
    for collection in ("b", "é", "db.collection", "a.b.c"):
        ref = b"\x02$ref\0" + _string(collection)
        stored, reference = b"\x03" + _embedded(ref, oid), f'"$ref": {json.dumps(collection)}'
        yield Accepted("canonical", f"{{{reference}, {identifier}}}", stored)
        yield Accepted("canonical", f'{{"$dbPointer": {{{reference}, {identifier}}}}}', stored)
        yield Accepted("degenerate", f'{{"$dbPointer": {{{identifier}, {reference}}}}}', stored)
        yield Accepted("canonical", f"{{{reference}}}", b"\x03" + _embedded(ref))
        for key, more in product(("$db", "foo", "$c", "a.b"), ("bar", 1)):
            value = b"\x02%s\0" % key.encode() + _string("bar")
            if more == 1:
                value = b"\x10%s\0" % key.encode() + struct.pack("<i", 1)
            extra = f'"{key}": {json.dumps(more)}'
            full = b"\x03" + _embedded(ref, oid, value)
            yield Accepted("canonical", f"{{{reference}, {identifier}, {extra}}}", full)
    number = b"\x10$ref\0" + struct.pack("<i", 1)
    yield Accepted("canonical", f'{{"$ref": 1, {identifier}}}', b"\x03" + _embedded(number, oid))
    regex = b"\x0b$regex\0a\0\0"
    expression = '"$regex": {"$regularExpression": {"pattern": "a", "options": ""}}'
    yield Accepted("canonical", f"{{{expression}}}", b"\x03" + _embedded(regex))
    options = b"\x02$options\0" + _string("ix")
    stored = b"\x03" + _embedded(regex, options)
    yield Accepted("canonical", f'{{{expression}, "$options": "ix"}}', stored)


ACCEPTED = (
    *_numbers(),
    *_decimals(),
    *_texts(),
    *_bytes(),
    *_moments(),
    *_constants(),
    *_documents(),
)
