"""What fixtures may look like: arrays, one object, documents one a line; names; ids from fields."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import bson
import pytest
from bson import json_util

from sqlmig.errors import FixtureError
from sqlmig.mongo import json_text
from sqlmig.mongo.document import Document
from sqlmig.mongo.fixtures import Fixtures
from sqlmig.mongo.results import DocumentState
from tests.mongo.mongo import Mongo
from tests.mongo.seeds import DEVELOPMENT, PRODUCTION, Seeds

CLASSES = "reference/10_classes.json"
TWO = ('{"_id": "a", "tags": [1, {"x": "\\u00e9"}]}', '{"_id": "b",\n "n": 2}')


def documents(fixtures: Fixtures) -> list[Document]:
    return [document for found in fixtures.documents.values() for document in found]


@pytest.mark.parametrize(
    "text",
    [
        f"[{TWO[0]},{TWO[1]}]",
        f"[\r\n {TWO[0]}\r\n,\t{TWO[1]} ]\r\n",
        f"{TWO[0]}\n{TWO[1]}\n",
        f"{TWO[0]}\r\n\r\n\n{TWO[1]}",
        f"\ufeff \n{TWO[0]}\n  {TWO[1]}",
    ],
    ids=["an array", "an array with CRLF", "lines", "blank lines and CRLF", "a byte order mark"],
)
def test_an_array_and_documents_one_a_line_are_the_same_fixture(seeds: Seeds, text: str) -> None:
    seeds.text(CLASSES, text)
    found = documents(seeds.read())
    assert [document.fields for document in found] == [json.loads(each) for each in TWO]
    lines = text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n")
    for document in found:
        line = lines[document.place.line - 1]
        assert line[document.place.column - 1 :].startswith(f'{{"_id": "{document.id}"')


def test_one_object_is_a_fixture_of_one_document(seeds: Seeds) -> None:
    seeds.text(CLASSES, json.dumps({"_id": "a", "nested": {"x": [1]}}, indent=2))
    (document,) = documents(seeds.read())
    assert document.fields == {"_id": "a", "nested": {"x": [1]}}


@pytest.mark.parametrize("ending", ["json", "jsonl", "ndjson"])
def test_a_problem_in_a_line_has_its_line_column_document_and_field(
    seeds: Seeds, ending: str
) -> None:
    path = f"demo/10_people.demo.{ending}"
    seeds.text(path, '{"_id": 1, "is_demo": true}\r\n\r\n{"_id": 2, "is_demo": true, "é": NaN}\r\n')
    problem = seeds.problem()
    assert seeds.place(problem) == f"{path}:3:29"
    assert (problem.document, problem.field) == (1, "é")
    assert problem.message == "[1].é: not a finite number"


def test_bytes_that_are_no_utf_8_in_a_line_are_refused_at_the_character(seeds: Seeds) -> None:
    lines = '{"_id": 1}\n' * 1 + '{"_id": "é", "x": "'
    seeds.text(CLASSES, lines.encode() + b'\xff"}\n')
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:2:20"
    assert problem.message == "not UTF-8: byte 0xff"
    assert problem.remedy == "Save the file as UTF-8."
    seeds.text(CLASSES, b'{"_id": "\xc3')
    assert seeds.place(seeds.problem()) == f"{CLASSES}:1:10"


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("form", ["[{},{}]", "{}\n{}\n"])
def test_where_the_chunks_of_a_file_end_changes_nothing(
    seeds: Seeds, monkeypatch: pytest.MonkeyPatch, chunk: int, form: str
) -> None:
    first = {"_id": "é☆😀", "x": [-12.5e-3, True, None, '\\ " \u2028', {"$numberLong": "7"}]}
    written = [json.dumps(first), json.dumps({"_id": 123456, "y": "\ud83d\ude00" * 40}, indent=1)]
    seeds.text(CLASSES, form.replace("{}", "%s") % tuple(written))
    whole = documents(seeds.read())
    monkeypatch.setattr(json_text, "_CHUNK", chunk)
    assert documents(seeds.read()) == whole
    assert [document.place.text for document in whole] == written
    seeds.text(CLASSES, form.replace("{}", "%s") % (written[0], '{"_id": 2, "y": [nul]}'))
    assert seeds.problem().message.startswith("this is not JSON: Expecting value")


def test_a_document_of_too_many_characters_is_refused_before_it_is_read(
    seeds: Seeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "_LONGEST", 1_000_000)
    monkeypatch.setattr(json_text, "_CHUNK", 1_000)
    seeds.text(CLASSES, '{"_id": 1}\n {"_id": "' + "x" * 3_000_000)
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:2:2"
    assert problem.message == "a document of more than 1,000,000 characters"


MEASURE = """
import resource, sys
from pathlib import Path
from sqlmig.mongo.fixtures import read_fixtures
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read_fixtures(Path(sys.argv[1]))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("form", ["lines", "one line of an array"])
def test_reading_takes_memory_for_the_ids_and_not_for_the_documents(
    seeds: Seeds, form: str
) -> None:
    """40 MB of documents, of which at most a chunk is in memory."""
    each = [f'{{"_id": {number}, "x": "{"y" * 4000}"}}' for number in range(10_000)]
    seeds.text(CLASSES, "\n".join(each) if form == "lines" else f"[{','.join(each)}]")
    del each
    program = [sys.executable, "-c", MEASURE, str(seeds.root)]
    assert int(subprocess.check_output(program)) < 15


@pytest.mark.parametrize(
    ("name", "collection"),
    [
        ("10_orderItems.json", "orderItems"),
        ("10_user-profiles.json", "user-profiles"),
        ("10_listingsAndReviews.json", "listingsAndReviews"),
        ("10_fs.files.json", "fs.files"),
        ("10__private.json", "_private"),
        ("10_2024.json", "2024"),
        ("10_Bücher und mehr.json", "Bücher und mehr"),
        ("10_a%2Fb.json", "a/b"),
        ("10_100%25.json", "100%"),
        ("10_x%2Edemo.json", "x.demo"),
    ],
)
async def test_any_collection_that_mongodb_allows_can_be_seeded(
    mongo: Mongo, seeds: Seeds, name: str, collection: str
) -> None:
    seeds.text(f"reference/{name}", '{"_id": 1, "x": {"$numberLong": "5"}}\n')
    seeds.text(f"schemas/{name.removeprefix('10_')}", '{"unique": [["x"]]}')
    await mongo.seed(seeds.read(), PRODUCTION)
    assert mongo.one(collection, 1) == {"_id": 1, "x": 5}
    assert not (await mongo.compare(seeds.read(), PRODUCTION)).differs


@pytest.mark.parametrize(
    "name",
    [
        *("system.users", "a$b", "_sqlmig_seeds", "a%00b", "a%FFb", ".a", "a..b", "a%2E"),
        b"\xff".decode(errors="surrogateescape"),
    ],
)
def test_a_collection_that_mongodb_does_not_allow_is_refused_by_its_file(
    seeds: Seeds, name: str
) -> None:
    path = seeds.text(f"reference/10_{name}.json", "[]")
    problem = seeds.problem()
    assert problem.location.path == str(path)
    assert "cannot be the name of a collection" in problem.message
    assert "system." in problem.remedy


@pytest.mark.parametrize(
    ("id_from", "document", "derived"),
    [
        (["code"], {"code": "IN"}, "IN"),
        (["code"], {"code": 356}, 356),
        (["code"], {"code": {"$oid": "0" * 24}}, bson.ObjectId("0" * 24)),
        (["class", "name"], {"class": 1, "name": "A"}, "1/A"),
        (["class", "name"], {"class": "a/b%", "name": "c"}, "a%2Fb%25/c"),
        (["at.zip"], {"at": {"zip": "110001"}}, "110001"),
        (["u", "n"], {"u": {"$uuid": f"{'0' * 8}-0000-0000-0000-{'0' * 11}1"}, "n": 7}, None),
    ],
)
async def test_an_id_is_derived_from_the_fields_that_the_schema_names(
    mongo: Mongo, seeds: Seeds, id_from: list[str], document: dict[str, Any], derived: Any
) -> None:
    seeds.documents(CLASSES, document, {"_id": "own", "code": "IN"})
    seeds.schema("classes", id_from=id_from, schema={"properties": {"_id": {"const": "own"}}})
    await mongo.seed(seeds.read(), PRODUCTION)
    derived = derived or f"{'0' * 8}-0000-0000-0000-{'0' * 11}1/7"
    assert mongo.one("classes", derived) is not None
    assert mongo.one("classes", "own") == {"_id": "own", "code": "IN"}
    assert not (await mongo.compare(seeds.read(), PRODUCTION)).differs


def test_a_document_without_an_id_is_refused_with_both_ways_to_give_it_one(seeds: Seeds) -> None:
    seeds.documents(CLASSES, {"code": "IN"})
    problem = seeds.problem()
    assert problem.message == "[0]: no _id: each run would add the document again"
    assert '"id_from": ["code"]' in problem.remedy
    assert "schemas/classes.json" in problem.remedy


@pytest.mark.parametrize("code", [None, True, 1.5, [], {}])
def test_a_field_that_identifies_nothing_gives_no_id(seeds: Seeds, code: object) -> None:
    seeds.documents(CLASSES, {"x": 1, "at": {"code": code}})
    seeds.schema("classes", id_from=["at.code"])
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:2:17"
    assert problem.field == "at.code"
    assert "the _id comes from this field" in problem.message


def test_a_field_that_is_missing_gives_no_id(seeds: Seeds) -> None:
    seeds.documents(CLASSES, {"x": 1})
    seeds.schema("classes", id_from=["code"])
    assert seeds.problem().field == "code"


def test_derived_ids_are_references_and_duplicates_like_others(seeds: Seeds) -> None:
    seeds.documents(CLASSES, {"code": "a"}, {"code": "a"}, {"code": "b", "next": "c"})
    seeds.schema("classes", id_from=["code"], references={"next": "classes._id"})
    first, second = seeds.problems()
    assert first.message == f"[1]._id: the _id 'a' is already used by {seeds.root}/{CLASSES}:2:1"
    assert second.message == "[2].next: no _id of classes is c"


def test_a_reference_may_lead_to_a_later_document_of_its_own_or_another_file(seeds: Seeds) -> None:
    seeds.documents(CLASSES, {"_id": "a", "next": "b"}, {"_id": "b", "next": "c"})
    seeds.documents("reference/20_classes.json", {"_id": "c", "next": "a"})
    seeds.schema("classes", references={"next": "classes._id"})
    assert seeds.problems() == []


def test_a_file_that_changes_after_it_was_checked_is_not_read_again(seeds: Seeds) -> None:
    path = seeds.documents(CLASSES, {"_id": "a"}, {"_id": "b"})
    (found,) = seeds.read().documents.values()
    assert [document.id for document in found] == ["a", "b"]
    seeds.documents(CLASSES, {"_id": "a"}, {"_id": "unchecked"})
    with pytest.raises(FixtureError, match="has changed since it was checked") as caught:
        list(found)
    assert caught.value.location.path == str(path)
    path.unlink()
    with pytest.raises(FixtureError, match="cannot be read: No such file"):
        list(found)


# What `mongoexport` writes of public sample data: the types and the shapes of their fields.
OID = {"$oid": "5a9427648b0beebeb69579e7"}
SAMPLES: dict[str, list[dict[str, Any]]] = {
    "accounts": [{"_id": OID, "limit": 9000, "products": ["Derivatives", "InvestmentStock"]}],
    "comments": [{"_id": OID, "movie_id": OID, "date": {"$date": "2002-08-18T04:56:07Z"}}],
    "companies": [{"_id": OID, "funding": [{"round": "a", "amount": 5.25e6, "at": [2008, 1]}]}],
    "customers": [{"_id": OID, "tier": {"0df078": {"tier": "Bronze", "active": True}}}],
    "grades": [{"_id": OID, "student_id": 0, "scores": [{"type": "exam", "score": 78.40446}]}],
    "inspections": [{"_id": OID, "id": "10021-2015-ENFO", "certificate_number": 9278806}],
    "listingsAndReviews": [
        {
            "_id": "10006546",
            "price": {"$numberDecimal": "80.00"},
            "cleaning_fee": {"$numberDecimal": "35.5E+3"},
            "last": {"$date": {"$numberLong": "-2208988800000"}},
            "address": {"location": {"type": "Point", "coordinates": [-8.61308, 41.1413]}},
            "reviews": [],
        }
    ],
    "movies": [{"_id": OID, "title": 'Ōkami "x"\n', "year": {"$numberInt": "1985"}, "cast": []}],
    "routes": [
        {"_id": OID, "airline": {"id": {"$numberInt": "410"}}, "src": None, "codeshare": ""}
    ],
    "sales": [{"_id": OID, "saleDate": {"$date": "2015-03-23T21:06:49.506Z"}, "ok": False}],
    "theaters": [
        {"_id": OID, "theaterId": 1000, "geo": {"coordinates": [[-93.2, 44.8], [0.0, -0.0]]}}
    ],
    "transactions": [
        {
            "_id": OID,
            "total": {"$numberDouble": "Infinity"},
            "n": {"$numberLong": "9007199254740993"},
        }
    ],
    "users": [{"_id": {"$uuid": "c8edabc3-f738-4ca3-b68d-ab92a91478a3"}, "password": "$2b$12$x"}],
    "data": [
        {
            "_id": {"$numberLong": "7"},
            "bin": {"$binary": {"base64": "c2VjcmV0", "subType": "00"}},
            "ts": {"$timestamp": {"t": 1565545664, "i": 1}},
            "re": {"$regularExpression": {"pattern": "^a", "options": "i"}},
            "code": {"$code": "function() {}", "$scope": {"x": {"$numberInt": "1"}}},
            "ends": [{"$minKey": 1}, {"$maxKey": 1}],
            "ref": {"$ref": "users", "$id": OID},
        }
    ],
}


FORMS = {
    "canonical": json_util.CANONICAL_JSON_OPTIONS,
    "relaxed": json_util.RELAXED_JSON_OPTIONS,
}


def exported(document: dict[str, Any], form: str) -> str:
    """The document as `mongoexport` writes it, in that form of Extended JSON."""
    value = json_util.loads(json.dumps(document), json_options=json_util.CANONICAL_JSON_OPTIONS)
    return json_util.dumps(value, json_options=FORMS[form], ensure_ascii=False)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", ["lines", "--jsonArray", "--jsonArray --pretty"])
async def test_what_mongoexport_writes_of_14_collections_is_seeded_as_it_is(
    mongo: Mongo, seeds: Seeds, form: str, shape: str
) -> None:
    expected = {}
    for order, (collection, samples) in enumerate(SAMPLES.items()):
        lines = [exported(document, form) for document in samples]
        if "pretty" in shape:
            lines = [json.dumps(json.loads(line), indent="\t") for line in lines]
        text = "\n".join(lines) + "\n" if shape == "lines" else f"[{','.join(lines)}]\n"
        seeds.text(f"reference/{order}_{collection}.json", text)
        expected[collection] = lines
    assert len(expected) == 14
    report = await mongo.seed(seeds.read(), DEVELOPMENT)
    assert dict(report.counts) == {DocumentState.NEW: 14}
    assert not (await mongo.compare(seeds.read(), DEVELOPMENT)).differs
    for collection, samples in SAMPLES.items():
        (raw,) = mongo.aside[collection].find()
        # Relaxed text does not have the width of integers.
        back = json_util.dumps(raw, json_options=FORMS[form])
        assert json.loads(back) == json.loads(exported(samples[0], form))
