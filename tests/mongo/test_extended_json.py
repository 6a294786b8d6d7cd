"""Extended JSON is read as MongoDB's BSON corpus has it: what it accepts, what it refuses."""

from __future__ import annotations

import json
import re
from datetime import datetime
from tempfile import NamedTemporaryFile
from typing import Any

import bson
import pytest
from bson import json_util
from bson.raw_bson import RawBSONDocument
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sqlmig.errors import FixtureError
from sqlmig.mongo.document import Documents
from sqlmig.mongo.files import Source, Tier
from sqlmig.mongo.seeder import CODEC
from tests.mongo.corpus_accepted import ACCEPTED, OID, Accepted
from tests.mongo.corpus_refused import REFUSED
from tests.mongo.mongo import Mongo
from tests.mongo.seeds import PRODUCTION, Seeds
from tests.thorough import examples

CLASSES = "reference/10_classes.json"
# The sign of NaN is all that canonical text does not tell.
WITHOUT_A_TEXT = re.compile("-nan", re.IGNORECASE)


def stored(written: str) -> bytes:
    """The document whose field `x` has the value, read from a file."""
    with NamedTemporaryFile() as file:
        file.write(f'{{"_id": 1, "x": {written}}}'.encode())
        file.flush()
        (document,) = Documents(Source(file.name, Tier.REFERENCE, 1, "classes"))
    return bson.encode({"x": document.fields["x"]})


def canonical(document: bytes) -> str:
    """Canonical Extended JSON for the field `x`, by way of what the server would give back."""
    value = bson.decode(document, CODEC)["x"]
    return json_util.dumps(value, json_options=json_util.CANONICAL_JSON_OPTIONS)


def is_beyond_the_embedded_server(case: Accepted) -> bool:
    """SecantusDB stores no date outside the years 1 to 9999."""
    if case.stored[0] != 0x09:
        return False
    return not isinstance(bson.decode(case.document, CODEC)["x"], datetime)


def of_type(number: int) -> list[Accepted]:
    """The cases of a type of BSON. One test has them all: thousands of tests would take minutes."""
    return [case for case in ACCEPTED if case.stored[0] == number]


@pytest.mark.parametrize("number", sorted({case.stored[0] for case in ACCEPTED}), ids=hex)
def test_what_the_corpus_accepts_is_read_as_the_bytes_that_bson_has_for_it(number: int) -> None:
    assert [case for case in of_type(number) if stored(case.written) != case.document] == []


@pytest.mark.parametrize("number", sorted({case.stored[0] for case in ACCEPTED}), ids=hex)
def test_what_the_corpus_accepts_is_the_same_after_a_round_trip(number: int) -> None:
    told = [case for case in of_type(number) if not WITHOUT_A_TEXT.search(case.written)]
    assert [case for case in told if stored(canonical(case.document)) != case.document] == []


@pytest.mark.parametrize("kind", REFUSED)
def test_what_the_corpus_refuses_is_refused_at_its_line_document_and_field(
    seeds: Seeds, kind: str
) -> None:
    for written in REFUSED[kind]:
        seeds.text(CLASSES, f'[{{"_id": "a"}},\n\n{{"_id": "b", "x": {written}}}]')
        problem = seeds.problem()
        assert seeds.place(problem).startswith(f"{CLASSES}:3:"), written
        assert problem.document == 1, written
        assert problem.field.startswith("x"), written


async def test_what_the_corpus_accepts_is_on_the_server_byte_for_byte(
    mongo: Mongo, seeds: Seeds
) -> None:
    cases = [case for case in ACCEPTED if not is_beyond_the_embedded_server(case)]
    lines = (f'{{"_id": {n}, "x": {case.written}}}' for n, case in enumerate(cases))
    seeds.text(CLASSES, f"[{', '.join(lines)}]")
    report = await mongo.seed(seeds.read(), PRODUCTION)
    assert sum(report.counts.values()) == len(cases)
    assert not (await mongo.compare(seeds.read(), PRODUCTION)).differs
    raw = mongo.aside["classes"].with_options(bson.CodecOptions(RawBSONDocument))
    there = {document["_id"]: document.raw for document in raw.find()}
    wanted = {
        n: bson.encode({"_id": n, **RawBSONDocument(case.document)}) for n, case in enumerate(cases)
    }
    assert [cases[n] for n in wanted if there[n] != wanted[n]] == []


WRAPPERS = json.loads(
    f"""[{{"$oid": "{OID}"}}, {{"$symbol": "a"}}, {{"$numberInt": "1"}}, {{"$numberLong": "1"}},
    {{"$numberDouble": "1.0"}}, {{"$numberDecimal": "1"}}, {{"$date": {{"$numberLong": "1"}}}},
    {{"$binary": {{"base64": "//8=", "subType": "00"}}}}, {{"$code": "a", "$scope": {{}}}},
    {{"$uuid": "73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}}, {{"$timestamp": {{"t": 1, "i": 1}}}},
    {{"$regularExpression": {{"pattern": "a", "options": "i"}}}}, {{"$minKey": 1}},
    {{"$dbPointer": {{"$ref": "a", "$id": {{"$oid": "{OID}"}}}}}}, {{"$undefined": true}},
    {{"$maxKey": 1}}, {{"$date": "1970-01-01T00:00:00Z"}}, {{"$ref": "a", "$id": 1}}]"""
)
NAMES = ("base64", "subType", "pattern", "options", "t", "i", "$db", "$regex", "$options", "$type")


def names() -> st.SearchStrategy[str]:
    known = sorted({name for wrapper in WRAPPERS for name in wrapper} | set(NAMES))
    return st.sampled_from(known) | st.text(st.characters(exclude_categories=()), max_size=4)


def texts() -> st.SearchStrategy[str]:
    numerals = st.text("0123456789-+.eE:TZabcdfINaim=/_ ٣\0\ud800", max_size=30)
    return numerals | st.text(st.characters(exclude_categories=()), max_size=8) | names()


def anything() -> st.SearchStrategy[Any]:
    plain = st.none() | st.booleans() | st.integers() | st.floats() | texts()
    return plain | st.sampled_from(WRAPPERS)


def almost(value: Any) -> st.SearchStrategy[Any]:
    """The value with members left out, and others in the place of some."""
    if not isinstance(value, dict):
        return st.just(value) | anything()
    members = {name: almost(item) for name, item in value.items()}
    return st.fixed_dictionaries({}, optional=members) | st.just(value) | anything()


def values() -> st.SearchStrategy[Any]:
    wrapped = st.sampled_from(WRAPPERS).flatmap(almost)
    return wrapped | st.lists(wrapped, max_size=3) | st.dictionaries(names(), wrapped, max_size=3)


@settings(max_examples=examples(200))
@given(values())
@example({"$binary": {}})
@example({"$id": 1, "$ref": "a"})
def test_any_json_is_refused_in_our_words_or_round_trips(value: Any) -> None:
    try:
        document = stored(json.dumps(value))
    except FixtureError:
        return
    text = canonical(document)
    assert canonical(stored(text)) == text
