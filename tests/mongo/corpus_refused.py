"""What a reader of Extended JSON must refuse according to MongoDB's BSON corpus, as our own cases,
by type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from types import MappingProxyType

from tests.mongo.corpus_accepted import OID

_UUID = "73ffd264-44b3-4c69-90e8-e7d1dfc035d4"
_NOT_STRINGS = ("42", "4.2", "null", "true", "[]", "{}", '["1"]', '{"$numberInt": "1"}')
_NOT_NUMBERS = (
    *("", " ", "-", "+", "one", "1_000", " 5", "5 ", "5\\n", "٣", "１", "0x10", "1,5", "--1"),
    *("+-1", "1-", "1 000", "½", "1f", "0b1", "5\\u0000"),
)
_NOT_WHOLE = ("1.0", "1e3", "1E3", ".5", "5.", "Infinity", "NaN", "+5", "007", "-00", "1" * 5000)
_NOT_DECIMALS = (
    # special values that are almost right
    *("Infi", "Infin", "Infini", "Infinit", "-Infinit", ".Infinity", "+.Inf", "0Inf", "9Inf"),
    *("-0Inf", "-9Inf", "in", "-in", "i", "Na", "-Na", "NaNq", "NaNs", "qNaN", "sNaN", "-sNaN"),
    *("0sNaN", "+.sNaN", "xNaN", ".NaN", "-.NaN", "NaN1", "NaN123", "nan(1)", "Infinity1"),
    # signs, points and exponents without the rest
    *(".", "..", "..3", ".13.3", "1..3", "1.3.4", "1.34.", "0000..", ".0000.", "00..00", "+-32.4"),
    *("-+32.4", "--32.4", "-32.-4", "32.0-", "++1", "3+", "12-", "-1-", "01.35-", "+", "-", "-."),
    *("e", "E", ".e", "-.e", "-.E+", "+.e+1", "e100", "E01", "E+1", ".E+1", "1e", "1E+", "1e-"),
    *("12e++", "1ee", "1E++1", "1E--1", "1E+-1", "1E-+1", "32.4E-2-1", "1e1.0", "1e.1", "1e1."),
    *("1E+1.2", "1E+1.2.3", "111e*123", "111e1*23", "111e123-", "111e+12+", "111E1e+3", "1e123e"),
    # other characters
    *("1.23abc", "1.23abcE+02", "1.23E+0aabs2", "12f4", "x", "ten", "u0b65", "7e99999a", "1E'1"),
    *(
        "123,65",
        "1'000",
        "7e12356789012x",
        " 1",
        " -1",
        "1 ",
        "\\t1",
        "- 1",
        "1\\u0000",
        "1e\\u0661",
    ),
    # more than 34 digits, or beyond the exponent range
    *("1" * 35, "1.1" + "1" * 33 + "50", "-1.1" + "1" * 33 + "49", "1" + "0" * 58 + "1"),
    *(
        "0." + "9" * 35,
        "1E-6177",
        "15E-6177",
        "-1E-6177",
        "1E6145",
        "-7e10000",
        "12E6144",
        "1E+99999",
    ),
    *("1E-999999999999999999999", "1E999999999999999999999"),
)
_NOT_TIMES = (
    *(
        "",
        "2025",
        "2025-06-01",
        "2025-06-01T00:00:00",
        "2025-06-01 00:00:00Z",
        "25-06-01T00:00:00Z",
    ),
    *(
        "2025-02-30T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-06-00T00:00:00Z",
    ),
    *("2025-06-01T24:00:00Z", "2025-06-01T00:60:00Z", "2025-06-01T00:00:60Z", "2025-06-01T00:00Z"),
    *("2025-06-01T00:00:00.Z", "2025-06-01T00:00:00,5Z", "2025-06-01T00:00:00.1234567890Z"),
    *("2025-06-01T00:00:00z", "2025-06-01t00:00:00Z", "2025-06-01T00:00:00+24:00", " 2025-06-01"),
    *("2025-06-01T00:00:00+05:60", "2025-06-01T00:00:00+5", "2025-06-01T00:00:00 Z", "0", "now"),
    *(
        "10000-01-01T00:00:00Z",
        "+10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "20250601T000000Z",
    ),
    *(
        "2025-W01-1T00:00:00Z",
        "٢٠٢٥-06-01T00:00:00Z",
        "2025-06-01T00:00:00ZZ",
        "1900-02-29T00:00:00Z",
    ),
)
_NOT_BASE64 = (
    *("!!", "A", "AA", "AAA", "AAAAA", "A===", "====", "=", "AAAA=", "AA=A", "//8", "//9=", "AB=="),
    *("AAAA____", "AAAA----", "3q2+7w==garbage", "3q2+7w==3q2+7w==", " //8=", "//8= ", "//8=\\n"),
    *("//\\n8=", "//8＝", "é", "AAA\\u0000"),
)
_NOT_SUBTYPES = ("", "0x0", "000", "100", "gg", " 0", "0 ", "-1", "+1", "1_", "٠٠", "1.")
_NOT_UUIDS = (
    *("", _UUID.replace("-", ""), _UUID[:-1], _UUID + "0", f"{{{_UUID}}}", f"urn:uuid:{_UUID}"),
    *("73ff-d26444b-34c6-990e8e-7d1dfc035d4", "----d264-44b3-4--9-90e8-e7d1dfc0----", f" {_UUID}"),
    *(
        _UUID[:-1] + "g",
        _UUID.replace("-", "_"),
        f"{_UUID}-789e4",
        "73ffd264-44b3-90e8-e7d1dfc035d4",
    ),
)
_NOT_OIDS = (
    "",
    OID[:-1],
    OID + "0",
    OID[:-1] + "g",
    f" {OID}"[:24],
    OID[:-2] + "٠٠",
    "0x" + OID[2:],
)
_POINTER = f'"$ref": "b", "$id": {{"$oid": "{OID}"}}'


def _strings(name: str, texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(f'{{"{name}": "{text}"}}' for text in texts)


def _values(name: str, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(f'{{"{name}": {value}}}' for value in values)


def _extended(*wrappers: str) -> tuple[str, ...]:
    """The same with an extra member before or after, and with its own member given twice."""
    return tuple(
        extended
        for wrapper in wrappers
        for inside in [wrapper[1:-1]]
        for extended in (
            f'{{{inside}, "x": true}}',
            f'{{"x": true, {inside}}}',
            f"{{{inside}, {inside}}}",
        )
    )


REFUSED: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "ObjectId": (
            *_values("$oid", _NOT_STRINGS),
            *_strings("$oid", _NOT_OIDS),
            *_extended(f'{{"$oid": "{OID}"}}'),
        ),
        "int32": (
            *_values("$numberInt", _NOT_STRINGS),
            *_strings("$numberInt", (*_NOT_NUMBERS, *_NOT_WHOLE, "2147483648", "-2147483649")),
            *_extended('{"$numberInt": "42"}'),
        ),
        "int64": (
            *_values("$numberLong", _NOT_STRINGS),
            *_strings(
                "$numberLong", (*_NOT_NUMBERS, *_NOT_WHOLE, str(1 << 63), str(-(1 << 63) - 1))
            ),
            *_extended('{"$numberLong": "42"}'),
        ),
        "double": (
            *_values("$numberDouble", _NOT_STRINGS),
            *_strings(
                "$numberDouble", (*_NOT_NUMBERS, "1e400", "-1e400", "inf", "+Infinity", "-NaN")
            ),
            *_strings("$numberDouble", ("nan", "infinity", "Infinit", ".", "1e", "0x1p3", "1e+")),
            *_extended('{"$numberDouble": ".1"}'),
            *("NaN", "Infinity", "-Infinity", "1e400"),
        ),
        "decimal": (
            *_values("$numberDecimal", _NOT_STRINGS),
            *_strings("$numberDecimal", (*_NOT_NUMBERS, *_NOT_DECIMALS)),
            *_extended('{"$numberDecimal": ".1"}'),
        ),
        "binary": (
            *_values(
                "$binary", (*_NOT_STRINGS, '"AAAA"', '{"base64": "//8="}', '{"subType": "00"}')
            ),
            *(f'{{"$binary": {{"base64": "{text}", "subType": "00"}}}}' for text in _NOT_BASE64),
            *(f'{{"$binary": {{"base64": "", "subType": "{text}"}}}}' for text in _NOT_SUBTYPES),
            *(f'{{"$binary": {{"base64": {value}, "subType": "00"}}}}' for value in _NOT_STRINGS),
            *(f'{{"$binary": {{"base64": "", "subType": {value}}}}}' for value in _NOT_STRINGS),
            *_values("$binary", _extended('{"base64": "//8=", "subType": "00"}')),
            *_extended('{"$binary": {"base64": "//8=", "subType": "00"}}'),
            *('{"$binary": "AAAA", "$type": "00"}', '{"$binary": "AAAA", "$type": 0}'),
        ),
        "uuid": (
            *_values("$uuid", (*_NOT_STRINGS, f'{{"data": "{_UUID}"}}')),
            *_strings("$uuid", _NOT_UUIDS),
            *_extended(f'{{"$uuid": "{_UUID}"}}'),
        ),
        "code and symbol": (
            *_values("$code", _NOT_STRINGS),
            *_values("$symbol", _NOT_STRINGS),
            *(f'{{"$code": "", "$scope": {scope}}}' for scope in ("42", "null", "[]", '""')),
            *('{"$code": 42, "$scope": {}}', '{"$scope": {}}', '{"$code": "\\ud800"}'),
            *(f'{{"$code": "", "$scope": {{"$oid": "{OID}"}}}}', '{"$symbol": "\\udfff"}'),
            *_extended('{"$code": ""}', '{"$symbol": ""}', '{"$code": "", "$scope": {}}'),
        ),
        "date": (
            *_values("$date", _NOT_STRINGS),
            *_strings("$date", _NOT_TIMES),
            *(f'{{"$date": {{"$numberLong": {value}}}}}' for value in _NOT_STRINGS),
            *(
                '{"$date": {"$numberLong": "9223372036854775808"}}',
                '{"$date": {"$numberLong": "1.0"}}',
            ),
            *_values("$date", _extended('{"$numberLong": "1"}')),
            *_extended('{"$date": {"$numberLong": "1"}}', '{"$date": "1970-01-01T00:00:00Z"}'),
        ),
        "timestamp": (
            *_values("$timestamp", (*_NOT_STRINGS, '"1"', '{"t": 1}', '{"i": 1}')),
            *(
                f'{{"$timestamp": {{"t": {t}, "i": {i}}}}}'
                for bad in ('"1"', "-1", "4294967296", "1.0", "true", "null", '{"$numberInt": "1"}')
                for t, i in ((bad, 1), (1, bad))
            ),
            *_values("$timestamp", _extended('{"t": 1, "i": 1}')),
            *_extended('{"$timestamp": {"t": 1, "i": 1}}'),
        ),
        "regular expression": (
            *_values(
                "$regularExpression", (*_NOT_STRINGS, '"a"', '{"pattern": "a"}', '{"options": "i"}')
            ),
            *(
                f'{{"$regularExpression": {{"pattern": {pattern}, "options": {options}}}}}'
                for pattern, options in (
                    *product(_NOT_STRINGS, ['""']),
                    *product(['"a"'], _NOT_STRINGS),
                    *(
                        ('"a"', f'"{bad}"')
                        for bad in ("zz", "g", "ii", "imi", "I", " ", "i\\u0000", "í")
                    ),
                    *((f'"{bad}"', '"i"') for bad in ("b\\u0000", "\\u0000", "\\ud800")),
                )
            ),
            *_values("$regularExpression", _extended('{"pattern": "a", "options": ""}')),
            *_extended('{"$regularExpression": {"pattern": "a", "options": ""}}'),
            *('{"$regex": "a", "$options": ""}', '{"$options": "i", "$regex": "a"}'),
        ),
        "pointer": (
            *_values("$dbPointer", (*_NOT_STRINGS, '"b"', '{"$ref": "b"}')),
            f'{{"$dbPointer": {{"$ref": 1, "$id": {{"$oid": "{OID}"}}}}}}',
            *(
                '{"$dbPointer": {"$ref": "b", "$id": 1}}',
                f'{{"$dbPointer": {{"$ref": "b", "$id": "{OID}"}}}}',
            ),
            f'{{"$dbPointer": {{{_POINTER}, "$db": "d"}}}}',
            *_values("$dbPointer", _extended(f"{{{_POINTER}}}")),
            *_extended(f'{{"$dbPointer": {{{_POINTER}}}}}'),
        ),
        "constants": (
            *(
                f'{{"{name}": {value}}}'
                for name in ("$minKey", "$maxKey")
                for value in ("0", "2", "-1", "1.0", "true", '"1"', "null", "{}", "[1]")
            ),
            *_values("$undefined", ("false", "1", "null", '"true"', "{}")),
            *_extended('{"$minKey": 1}', '{"$maxKey": 1}', '{"$undefined": true}'),
        ),
        "document": (
            *(
                '{"a\\u0000": 1}',
                '{"\\u0000": 1}',
                '{"a\\ud800": 1}',
                '{"a": 1, "a": 1}',
                '{"": 1, "": 2}',
            ),
            *('"\\ud800"', '"\\udc00\\ud800"', "9223372036854775808", "-9223372036854775809"),
            *("[" * 120 + "]" * 120, '{"a":' * 120 + "1" + "}" * 120),
            *(
                f'{{"{name}": "1"}}'
                for name in ("$numberint", "$numberlong", "$NumberDecimal", "$OID")
            ),
            *(
                '{"$dates": "x"}',
                '{"$regularexpression": {}}',
                '{"$minkey": 1}',
                '{"$timestamps": {}}',
            ),
        ),
    }
)
