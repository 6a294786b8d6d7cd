"""What seeding promises, on a real server, over motor and over PyMongo's own async client."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from bson.int64 import Int64
from bson.objectid import ObjectId
from pymongo import InsertOne
from pymongo.errors import BulkWriteError, InvalidOperation, OperationFailure

from sqlmig.errors import (
    ConfigError,
    DocumentsRefusedError,
    EnvironmentMismatchError,
    ExecutionError,
    FixtureError,
)
from sqlmig.model import Environment
from sqlmig.mongo.refusals import raced, translated
from sqlmig.mongo.results import DocumentState, FileReport, FixturesReport
from sqlmig.mongo.stamp import claim
from tests.mongo.mongo import READS, Mongo
from tests.mongo.seeds import DEVELOPMENT, PRODUCTION, TESTING, Seeds

NEW, UNCHANGED, CHANGED, DELETED = DocumentState
SECRET = "hunter2"


@pytest.fixture(autouse=True)
def school(seeds: Seeds) -> None:
    seeds.documents(
        "reference/10_classes.json",
        {"_id": "class-1", "name": "1", "order": 1},
        {"_id": "class-2", "name": "2", "order": 2},
    )
    seeds.documents("reference/20_sections.json", {"_id": "1-a", "class_id": "class-1"})
    seeds.documents(
        "demo/90_students.demo.json",
        {"_id": "s-1", "is_demo": True, "class_id": "class-1", "email": "a@example.org"},
    )
    seeds.documents("testing/90_students.json", {"_id": "t-1", "is_demo": True})
    seeds.schema("sections", references={"class_id": "classes._id"})
    seeds.schema("students", unique=[["email"]], references={"class_id": "classes._id"})


def counts(report: FixturesReport) -> dict[DocumentState, int]:
    return dict(report.counts)


def differences(report: FixturesReport) -> dict[Any, tuple[DocumentState, tuple[str, ...]]]:
    return {
        standing.id: (standing.state, standing.fields)
        for found in report.files.values()
        for standing in found.differences
    }


@pytest.mark.parametrize(
    ("environment", "collections"),
    [
        (DEVELOPMENT, {"classes": 2, "sections": 1, "students": 1}),
        (TESTING, {"classes": 2, "sections": 1, "students": 1}),
        (PRODUCTION, {"classes": 2, "sections": 1}),
    ],
)
async def test_each_environment_gets_its_tiers(
    mongo: Mongo, seeds: Seeds, environment: Environment, collections: dict[str, int]
) -> None:
    report = await mongo.seed(seeds.read(), environment)
    assert counts(report) == {NEW: sum(collections.values())}
    names = {name for name in mongo.aside.list_collection_names() if not name.startswith("_")}
    found = {name: mongo.aside[name].count_documents({}) for name in names}
    assert {name: count for name, count in found.items() if count} == collections


async def test_files_load_in_the_order_of_their_numbers(mongo: Mongo, seeds: Seeds) -> None:
    seeds.documents("reference/9_first.json", {"_id": 1})
    seeds.documents("demo/100_last.demo.json", {"_id": 1, "is_demo": True})
    report = await mongo.seed(seeds.read(), DEVELOPMENT)
    expected = ["first", "classes", "sections", "students", "last"]
    assert [source.collection for source in report.files] == expected


@pytest.mark.parametrize("environment", list(Environment))
async def test_a_second_run_changes_no_document(
    mongo: Mongo, seeds: Seeds, environment: Environment
) -> None:
    await mongo.seed(seeds.read(), environment)
    before = mongo.dump()
    mongo.commands.names()
    report = await mongo.seed(seeds.read(), environment)
    assert mongo.dump() == before
    assert mongo.commands.names() <= READS | {"createIndexes"}
    assert set(counts(report)) == {UNCHANGED}
    assert not report.differs


@pytest.mark.parametrize("environment", list(Environment))
async def test_a_field_that_the_application_added_survives(
    mongo: Mongo, seeds: Seeds, environment: Environment
) -> None:
    await mongo.seed(seeds.read(), environment)
    mongo.change("classes", "class-1", room="12", name="one")
    await mongo.seed(seeds.read(), environment)
    found = mongo.one("classes", "class-1")
    assert found is not None
    assert found["room"] == "12"


@pytest.mark.parametrize("environment", [DEVELOPMENT, TESTING])
async def test_development_and_testing_get_what_the_fixtures_say(
    mongo: Mongo, seeds: Seeds, environment: Environment
) -> None:
    await mongo.seed(seeds.read(), environment)
    mongo.change("classes", "class-1", name="one")
    mongo.aside["classes"].delete_one({"_id": "class-2"})
    report = await mongo.seed(seeds.read(), environment)
    assert differences(report) == {"class-1": (CHANGED, ("name",)), "class-2": (DELETED, ())}
    assert mongo.one("classes", "class-1") == {"_id": "class-1", "name": "1", "order": 1}
    assert mongo.one("classes", "class-2") == {"_id": "class-2", "name": "2", "order": 2}


async def test_production_keeps_what_was_changed_or_deleted_and_reports_it(
    mongo: Mongo, seeds: Seeds
) -> None:
    await mongo.seed(seeds.read(), PRODUCTION)
    mongo.change("classes", "class-1", name="one", order=1.0)
    mongo.aside["classes"].delete_one({"_id": "class-2"})
    before = mongo.dump()
    for _ in range(2):
        report = await mongo.seed(seeds.read(), PRODUCTION)
        assert differences(report) == {
            "class-1": (CHANGED, ("name", "order")),
            "class-2": (DELETED, ()),
        }
        assert mongo.dump() == before


async def test_production_keeps_its_document_when_the_fixture_changes_and_adds_new_ones(
    mongo: Mongo, seeds: Seeds
) -> None:
    await mongo.seed(seeds.read(), PRODUCTION)
    seeds.documents(
        "reference/10_classes.json", {"_id": "class-1", "name": "I"}, {"_id": "class-3"}
    )
    report = await mongo.seed(seeds.read(), PRODUCTION)
    assert counts(report) == {NEW: 1, CHANGED: 1, UNCHANGED: 1}
    assert mongo.one("classes", "class-1") == {"_id": "class-1", "name": "1", "order": 1}
    assert mongo.one("classes", "class-3") == {"_id": "class-3"}


async def test_a_document_that_was_there_before_seeding_is_kept_in_production(
    mongo: Mongo, seeds: Seeds
) -> None:
    mongo.aside["classes"].insert_one({"_id": "class-1", "name": "theirs"})
    await mongo.seed(seeds.read(), PRODUCTION)
    assert mongo.one("classes", "class-1") == {"_id": "class-1", "name": "theirs"}
    mongo.aside["classes"].delete_one({"_id": "class-1"})
    await mongo.seed(seeds.read(), PRODUCTION)
    assert mongo.one("classes", "class-1") is None


async def test_production_is_never_sent_anything_that_destroys(mongo: Mongo, seeds: Seeds) -> None:
    seeds.schema("classes", unique=[["name"]])
    fixtures = seeds.read()
    await claim(mongo.database, PRODUCTION)
    await mongo.seed(fixtures, PRODUCTION)
    mongo.change("classes", "class-1", order=7)
    mongo.aside["classes"].delete_one({"_id": "class-2"})
    await mongo.seed(fixtures, PRODUCTION)
    await mongo.compare(fixtures, PRODUCTION)
    with pytest.raises(ConfigError):
        await mongo.seeder(fixtures, PRODUCTION).reset()
    updates = [
        update
        for name, command in mongo.commands.sent
        if name == "update"
        for update in command["updates"]
    ]
    assert len(updates) == 6
    assert all(set(update["u"]) == {"$setOnInsert"} for update in updates)
    assert all(update["upsert"] and set(update["q"]) == {"_id"} for update in updates)
    assert mongo.commands.names() == {"find", "aggregate", "update", "createIndexes"}


@pytest.mark.parametrize("environment", list(Environment))
async def test_comparing_only_reads(mongo: Mongo, seeds: Seeds, environment: Environment) -> None:
    fixtures = seeds.read()
    expected = await mongo.compare(fixtures, environment)
    assert mongo.commands.names() <= READS
    assert mongo.aside.list_collection_names() == []
    assert expected.differs
    assert counts(await mongo.seed(fixtures, environment)) == counts(expected)
    mongo.change("classes", "class-1", name="one")
    mongo.aside["sections"].delete_many({})
    before = mongo.dump()
    mongo.commands.names()
    report = await mongo.compare(fixtures, environment)
    assert mongo.commands.names() <= READS
    assert mongo.dump() == before
    assert differences(report) == {"class-1": (CHANGED, ("name",)), "1-a": (DELETED, ())}


async def test_demo_documents_in_production_are_found(mongo: Mongo, seeds: Seeds) -> None:
    await mongo.seed(seeds.read(), PRODUCTION)
    assert (await mongo.compare(seeds.read(), PRODUCTION)).demo_documents == {}
    mongo.aside["students"].insert_many([{"_id": number, "is_demo": True} for number in range(3)])
    report = await mongo.compare(seeds.read(), PRODUCTION)
    assert report.demo_documents == {"students": 3}
    assert report.differs


async def test_documents_removed_from_their_fixtures_are_named_while_they_are_there(
    mongo: Mongo, seeds: Seeds
) -> None:
    seeds.documents("reference/30_many.json", *({"_id": number} for number in range(1002)))
    await mongo.seed(seeds.read(), DEVELOPMENT)
    assert (await mongo.compare(seeds.read(), DEVELOPMENT)).removed == {}
    seeds.documents("reference/10_classes.json", {"_id": "class-1", "name": "1", "order": 1})
    (seeds.root / "reference/30_many.json").unlink()
    (seeds.root / "demo/90_students.demo.json").rename(seeds.root / "testing/91_students.json")
    mongo.aside["many"].delete_many({"_id": {"$gt": 2}})
    report = await mongo.compare(seeds.read(), DEVELOPMENT)
    assert report.removed == {"classes": ("class-2",), "many": (0, 1, 2)}
    assert report.differs
    assert (await mongo.seed(seeds.read(), DEVELOPMENT)).removed == {}
    mongo.aside["classes"].delete_one({"_id": "class-2"})
    mongo.aside["many"].drop()
    assert not (await mongo.compare(seeds.read(), DEVELOPMENT)).differs


@pytest.mark.parametrize(("stamped", "other"), list(itertools.permutations(Environment, 2)))
async def test_a_database_of_another_environment_is_refused_and_left_as_it_is(
    mongo: Mongo, seeds: Seeds, stamped: Environment, other: Environment
) -> None:
    await claim(mongo.database, stamped)
    await mongo.seed(seeds.read(), stamped)
    before = mongo.dump()
    seeder = mongo.seeder(seeds.read(), other)
    calls: list[Callable[[], Awaitable[object]]] = [seeder.seed, seeder.compare]
    if other is not PRODUCTION:
        calls.append(seeder.reset)
    for call in calls:
        with pytest.raises(EnvironmentMismatchError, match=f"stamped as {stamped.value}"):
            await call()
    assert mongo.dump() == before


async def test_reset_drops_what_was_seeded_and_nothing_else(mongo: Mongo, seeds: Seeds) -> None:
    await mongo.seed(seeds.read(), DEVELOPMENT)
    mongo.aside["marks"].insert_one({"_id": 1})
    (seeds.root / "demo/90_students.demo.json").rename(seeds.root / "demo/90_pupils.demo.json")
    (seeds.root / "schemas/students.json").unlink()
    (seeds.root / "testing/90_students.json").unlink()
    dropped = await mongo.seeder(seeds.read(), DEVELOPMENT).reset()
    assert dropped == ("classes", "sections", "students")
    assert sorted(mongo.aside.list_collection_names()) == ["marks"]
    assert counts(await mongo.seed(seeds.read(), DEVELOPMENT)) == {NEW: 4}


async def test_reset_leaves_a_database_that_was_never_seeded(mongo: Mongo, seeds: Seeds) -> None:
    mongo.aside["classes"].insert_one({"_id": "class-1"})
    assert await mongo.seeder(seeds.read(), DEVELOPMENT).reset() == ()
    assert mongo.one("classes", "class-1") == {"_id": "class-1"}


async def test_reset_in_production_is_refused_before_anything_is_sent(
    mongo: Mongo, seeds: Seeds
) -> None:
    with pytest.raises(ConfigError, match="dropped only in development and testing"):
        await mongo.seeder(seeds.read(), PRODUCTION).reset()
    assert mongo.commands.sent == []


async def test_two_databases_seeded_for_testing_are_equal_byte_by_byte(
    mongo: Mongo, seeds: Seeds
) -> None:
    await mongo.seed(seeds.read(), TESTING)
    first = mongo.dump()
    for name in mongo.aside.list_collection_names():
        mongo.aside.drop_collection(name)
    await mongo.seed(seeds.read(), TESTING)
    assert mongo.dump() == first


@pytest.mark.parametrize("environment", list(Environment))
async def test_two_seeders_at_once_end_as_one_does(
    mongo: Mongo, seeds: Seeds, environment: Environment
) -> None:
    seeds.documents("reference/30_many.json", *({"_id": number} for number in range(1100)))
    await mongo.seed(seeds.read(), environment)
    alone = mongo.dump()
    for name in mongo.aside.list_collection_names():
        mongo.aside.drop_collection(name)
    fixtures = seeds.read()
    await asyncio.gather(*(mongo.seed(fixtures, environment) for _ in range(4)))
    assert mongo.dump() == alone


async def test_what_another_seeder_inserted_at_the_same_moment_is_written_once_more(
    mongo: Mongo, seeds: Seeds
) -> None:
    documents = list(next(iter(seeds.read().documents.values())))
    mongo.aside["classes"].insert_one({"_id": "class-2"})
    with pytest.raises(BulkWriteError) as caught:
        mongo.aside["classes"].bulk_write(
            [InsertOne({"_id": document.id}) for document in documents], ordered=False
        )
    assert raced(caught.value, documents) == [documents[1]]


async def test_a_key_that_another_document_has_is_mapped_to_the_fixture(
    mongo: Mongo, seeds: Seeds
) -> None:
    seeds.documents(
        "demo/90_students.demo.json",
        {"_id": "s-1", "is_demo": True, "email": "a@example.org"},
        {"_id": "s-2", "is_demo": True, "email": f"{SECRET}@example.org", "note": SECRET},
        {"_id": "s-3", "is_demo": True, "email": "c@example.org"},
    )
    seeds.documents("demo/91_later.demo.json", {"_id": 1, "is_demo": True})
    mongo.aside["students"].insert_one({"_id": "x", "email": f"{SECRET}@example.org"})
    with pytest.raises(DocumentsRefusedError) as caught:
        await mongo.seed(seeds.read(), DEVELOPMENT)
    (error,) = caught.value.errors
    assert seeds.place(error) == "demo/90_students.demo.json:3:33"
    assert error.message == (
        "[1].email: another document of the collection has the same unique value: email"
    )
    assert caught.value.message.startswith("MongoDB refused 1 of 3 documents")
    assert SECRET not in str(caught.value)
    assert mongo.one("students", "s-3") is not None
    assert mongo.aside["later"].count_documents({}) == 0


async def test_documents_that_the_servers_validator_refuses_are_mapped_to_the_fixtures(
    mongo: Mongo, seeds: Seeds
) -> None:
    validator = {"$jsonSchema": {"required": ["name"], "properties": {"name": {"bsonType": "int"}}}}
    mongo.aside.create_collection("classes", validator=validator)
    seeds.documents(
        "reference/10_classes.json",
        {"_id": "class-1", "name": SECRET},
        {"_id": "class-2", "name": 2},
        {"_id": "class-3"},
    )
    with pytest.raises(DocumentsRefusedError) as caught:
        await mongo.seed(seeds.read(), DEVELOPMENT)
    assert [seeds.place(error) for error in caught.value.errors] == [
        "reference/10_classes.json:2:20",
        "reference/10_classes.json:4:1",
    ]
    messages = [error.message for error in caught.value.errors]
    assert messages[0] == "[0].name: breaks the collection's validator: name"
    assert messages[1] == "[2].name: breaks the collection's validator: name"
    assert SECRET not in str(caught.value)
    assert mongo.one("classes", "class-2") == {"_id": "class-2", "name": 2}
    assert mongo.aside["sections"].count_documents({}) == 0


async def test_a_unique_index_that_the_documents_there_forbid_is_told_without_their_values(
    mongo: Mongo, seeds: Seeds
) -> None:
    mongo.aside["students"].insert_many([{"_id": n, "email": SECRET} for n in range(2)])
    with pytest.raises(ExecutionError, match="a unique index cannot be created") as caught:
        await mongo.seed(seeds.read(), DEVELOPMENT)
    assert SECRET not in str(caught.value)
    assert "classes" not in mongo.aside.list_collection_names()


def test_the_server_s_words_are_kept_without_the_documents_that_they_repeat(seeds: Seeds) -> None:
    documents = list(next(iter(seeds.read().documents.values())))
    words = f"Can't extract geo keys: {{ _id: 1, at: {{ x: '{SECRET}' }} }}  out of bounds"
    failure = {"index": 1, "code": 16755, "errmsg": words}
    error = BulkWriteError({"writeErrors": [failure], "writeConcernErrors": []})
    with pytest.raises(DocumentsRefusedError) as caught:
        raced(error, documents)
    assert caught.value.errors[0].message == (
        "[1]: Can't extract geo keys: { … }  out of bounds (code 16755)"
    )


@pytest.mark.parametrize(
    ("code", "words", "remedy"),
    [
        (13, "not authorized on school", "Grant this user the missing privileges."),
        (18, "Authentication failed.", "Check the user, the password and authSource in the"),
        (73, "Invalid namespace specified", "Fix that, and run it again."),
        (None, "too large", "Fix that, and run it again."),
    ],
)
def test_each_error_of_the_server_has_its_words_and_its_own_remedy(
    code: int | None, words: str, remedy: str
) -> None:
    refused = OperationFailure(words, code, {"errmsg": words, "code": code})
    with pytest.raises(ExecutionError, match=words) as caught, translated():
        raise refused if code else InvalidOperation(words)
    assert caught.value.remedy.startswith(remedy)
    assert ("privileges" in caught.value.remedy) is (code == 13)


@pytest.mark.parametrize(
    ("written", "there", "same"),
    [
        (1, 1.0, False),
        (1, True, False),
        (1, Int64(1), True),
        ({"$numberLong": "1"}, 1, True),
        ({"$numberDouble": "NaN"}, float("nan"), True),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": [1]}, {"a": [1.0]}, False),
        ([1, 2], [2, 1], False),
        (None, None, True),
        ("1", 1, False),
        (
            {"$date": "2025-06-01T05:30:00.123456+05:30"},
            datetime(2025, 6, 1, 0, 0, 0, 123000, UTC),
            True,
        ),
        ({"$oid": "0123456789abcdef01234567"}, ObjectId("0123456789abcdef01234567"), True),
    ],
)
async def test_values_differ_when_their_types_do_but_not_for_layout(
    mongo: Mongo, seeds: Seeds, written: Any, there: Any, same: bool
) -> None:
    seeds.documents("reference/10_classes.json", {"_id": "class-1", "x": written})
    mongo.aside["classes"].insert_one({"_id": "class-1", "x": there})
    report = await mongo.compare(seeds.read(), DEVELOPMENT)
    found = next(iter(report.files.values()))
    assert dict(found.counts) == {UNCHANGED if same else CHANGED: 1}


async def test_every_type_of_extended_json_is_unchanged_once_it_is_stored(
    mongo: Mongo, seeds: Seeds
) -> None:
    seeds.documents("reference/20_sections.json")
    seeds.schema("students")
    seeds.documents(
        "reference/10_classes.json",
        {
            "_id": {"$uuid": "c8edabc3-f738-4ca3-b68d-ab92a91478a3"},
            "oid": {"$oid": "0123456789abcdef01234567"},
            "date": {"$date": {"$numberLong": "-62135596800000"}},
            "int": {"$numberInt": "7"},
            "long": {"$numberLong": "9223372036854775807"},
            "double": {"$numberDouble": "-Infinity"},
            "decimal": {"$numberDecimal": "0.10"},
            "binary": {"$binary": {"base64": "aGk=", "subType": "00"}},
            "timestamp": {"$timestamp": {"t": 1, "i": 2}},
            "regex": {"$regularExpression": {"pattern": "^a", "options": "i"}},
            "least": {"$minKey": 1},
            "most": {"$maxKey": 1},
            "nothing": None,
        },
        {"_id": 7},
        {"_id": {"$oid": "0123456789abcdef01234567"}},
        {"_id": {"$numberLong": "9223372036854775807"}},
    )
    await mongo.seed(seeds.read(), PRODUCTION)
    assert counts(await mongo.compare(seeds.read(), PRODUCTION))[UNCHANGED] == 4


async def test_batches_hold_at_most_1000_documents_and_8_megabytes(
    mongo: Mongo, seeds: Seeds
) -> None:
    told = []

    def loaded(path: str, done: int, total: int) -> None:
        if path.endswith("30_many.json"):
            told.append((done, total))

    large = [{"_id": f"large-{number}", "x": "x" * 3_000_000} for number in range(3)]
    small = [{"_id": f"small-{number}"} for number in range(2001)]
    seeds.documents("reference/30_many.json", *large, *small)
    await mongo.seeder(seeds.read(), DEVELOPMENT).seed(loaded)
    assert told == [(2, 2004), (1002, 2004), (2002, 2004), (2004, 2004)]


async def test_no_transaction_is_used_which_would_need_a_replica_set(
    mongo: Mongo, seeds: Seeds
) -> None:
    await mongo.seed(seeds.read(), DEVELOPMENT)
    assert not any("startTransaction" in command for _, command in mongo.commands.sent)


async def test_an_empty_file_seeds_nothing(mongo: Mongo, seeds: Seeds) -> None:
    seeds.text("reference/40_none.json", " [\n] ")
    report = await mongo.seed(seeds.read(), PRODUCTION)
    assert counts(report) == {NEW: 3}
    assert list(report.files.values())[-1] == FileReport()


async def test_an_index_is_made_only_where_this_environment_has_documents(
    mongo: Mongo, seeds: Seeds
) -> None:
    await mongo.seed(seeds.read(), PRODUCTION)
    assert "students" not in mongo.aside.list_collection_names()
    await mongo.seed(seeds.read(), DEVELOPMENT)
    assert mongo.aside["students"].index_information()["email_1"]["unique"] is True


def test_the_places_of_differences_are_those_of_the_fixtures(seeds: Seeds) -> None:
    document = list(next(iter(seeds.read().documents.values())))[1]
    assert str(document.place) == f"{seeds.root}/reference/10_classes.json:3:1"
    assert isinstance(document.place.problem("x"), FixtureError)
