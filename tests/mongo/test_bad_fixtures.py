"""Every fixture that cannot be used is refused at its place, without a connection or a value."""

from __future__ import annotations

import pytest

from sqlmig.errors import FixtureError
from tests.mongo.seeds import Seeds

CLASSES = "reference/10_classes.json"
STUDENTS = "demo/90_students.demo.json"
SECRET = "hunter2"


@pytest.mark.parametrize(
    ("value", "place", "field", "message", "remedy"),
    [
        (
            '{"$numberlong": "1"}',
            "3:20",
            "x.$numberlong",
            "'$numberlong' is not a type of Extended JSON v2",
            "Did you mean $numberLong?",
        ),
        (
            '{"$regex": "^a", "$options": "i"}',
            "3:14",
            "x",
            "this $regex cannot be read",
            'Write {"$regularExpression": ',
        ),
        ('{"$oid": "12"}', "3:14", "x", "this $oid cannot be read", "24 hexadecimal"),
        ('{"$oid": 12}', "3:14", "x", "this $oid cannot be read", "24 hexadecimal"),
        (
            '{"$oid": "0123456789abcdef01234567", "y": 1}',
            "3:14",
            "x",
            "this $oid cannot be read",
            'Write {"$oid": "<24 hexadecimal digits>"}.',
        ),
        ('{"$date": "2025-06-01"}', "3:14", "x", "this $date cannot be read", "with its zone"),
        (
            '{"$date": "2025-06-01T00:00:00"}',
            "3:14",
            "x",
            "this $date cannot be read",
            "2025-06-01T00:00:00Z",
        ),
        (
            '{"$date": "2025-02-30T00:00:00Z"}',
            "3:14",
            "x",
            "this $date cannot be read",
            "with its zone",
        ),
        ('{"$date": 5}', "3:14", "x", "this $date cannot be read", "with its zone"),
        ('{"$numberLong": "9223372036854775808"}', "3:14", "x", "$numberLong", "64 bits"),
        ('{"$numberDecimal": "many"}', "3:14", "x", "$numberDecimal", "at most 34 digits"),
        ('{"$binary": "AAAA"}', "3:14", "x", "$binary", "subType"),
        ("NaN", "3:14", "x", "not a finite number", "$numberDouble"),
        ("[1, -Infinity]", "3:23", "x[1]", "not a finite number", "$numberDouble"),
        ("1e400", "3:14", "x", "not a finite number", "$numberDouble"),
        ("9223372036854775808", "3:14", "x", "a whole number beyond 64 bits", "$numberDecimal"),
        ("1" + "0" * 5000, "3:14", "x", "a whole number beyond 64 bits", "$numberDecimal"),
        ('{"a\\u0000b": 1}', "3:14", "x", "a key that holds NUL", "Rename it"),
        ('{"\\udc00": 1}', "3:14", "x", "a key that holds NUL or half of a surrogate", "Rename it"),
        ('{"a": 1, "a": 2}', "3:28", "x.a", "this key is given twice", "Remove one"),
        ('"\\ud800"', "3:14", "x", "half of a surrogate pair", ""),
        ("[" * 150 + "]" * 150, "3:14", "x", "more than 100 levels deep", ""),
    ],
    ids=[
        "a wrapper that is misspelt",
        "a legacy regular expression",
        "an $oid that is too short",
        "an $oid that is a number",
        "a wrapper with another key",
        "a $date without time",
        "a $date without zone",
        "a $date that is no day",
        "a $date that is a number",
        "a $numberLong beyond 64 bits",
        "a $numberDecimal that is no number",
        "a $binary without subtype",
        "NaN",
        "-Infinity",
        "a float beyond all",
        "2^63",
        "an integer of 5000 digits",
        "a key with NUL",
        "a key with half of a surrogate pair",
        "a duplicate key",
        "half of a surrogate pair",
        "101 levels",
    ],
)
def test_a_value_that_cannot_be_stored_is_refused_at_its_key_or_item(
    seeds: Seeds, value: str, place: str, field: str, message: str, remedy: str
) -> None:
    seeds.text(CLASSES, f'[{{"_id": "a"}},\n\n{{"_id": "b", "x": {value}}}]')
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:{place}"
    assert (problem.document, problem.field) == (1, field)
    assert f"[1].{field}: " in str(problem)
    assert message in problem.message
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('[\n{"_id" "a"}]', "2:8", "this is not JSON: Expecting ':' delimiter"),
        ('[\n{"_id": "a"},]', "2:14", "this is not JSON: Expecting value"),
        ('[\n{"_id": "a"}', "2:13", "this is not JSON: expected ']'"),
        ('[\n{"_id": "a"} {"_id": "b"}]', "2:14", "this is not JSON: expected ']'"),
        ("[\n'a']", "2:1", "this is not JSON: Expecting value"),
        ('[]\n{"_id": "a"}', "2:1", "unexpected text after the array"),
        ('\n"a"', "2:1", "neither an array of documents nor one document per line"),
        ('{"_id": "a"}\n\n{"_id" "b"}', "3:8", "this is not JSON: Expecting ':' delimiter"),
        ('{"_id": "a"},\n{"_id": "b"}', "1:13", "unexpected comma"),
        ('{"_id": "a"}\n]', "2:1", "this is not JSON: Expecting value"),
        ('{"_id": "a"}\n{"_id": "b', "2:9", "this is not JSON: Unterminated string"),
        ('{"_id": "a\0"}', "1:11", "this is not JSON: Invalid control character at (U+0000)"),
        ('{"_id": 1}\n\ufeff{"_id": 2}', "2:1", "this is not JSON: Expecting value (U+FEFF)"),
        ('{"_id": "a"}\n' + '{"x": ' * 100_000, "2:1", "nested too deeply"),
        ("", "1:1", "the file is empty"),
        (" \r\n", "2:1", "the file is empty"),
        ("[" + "[" * 100_000, "1:2", "nested too deeply"),
    ],
    ids=[
        "broken JSON",
        "a comma too many",
        "an end that is missing",
        "a comma that is missing",
        "single quotes",
        "two arrays",
        "neither an array nor an object",
        "a line that is broken JSON",
        "a comma between lines",
        "an end without a beginning",
        "a line that is cut off",
        "a NUL",
        "a byte order mark in the middle",
        "a line that is nested a hundred thousand times",
        "an empty file",
        "nothing but white space",
        "nested a hundred thousand times",
    ],
)
def test_a_file_that_is_not_documents_in_json_is_refused_at_the_character(
    seeds: Seeds, text: str, place: str, message: str
) -> None:
    seeds.text(CLASSES, text)
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:{place}"
    assert message in problem.message
    assert (problem.document, problem.field) == (None, "")
    assert problem.remedy


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ('{"name": "Nursery"}', "no _id: each run would add the document again"),
        ('"nursery"', "not a document: each is an object, { … }"),
    ],
    ids=["no _id", "no document"],
)
def test_an_item_without_an_id_is_refused(seeds: Seeds, item: str, message: str) -> None:
    seeds.text(CLASSES, f'[{{"_id": "a"}},\n  {item}]')
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:2:3"
    assert problem.message.startswith(f"[1]: {message}")


@pytest.mark.parametrize(
    "value",
    [
        *("null", "true", "1.5", '["a"]', '{"a": 1}'),
        *(
            f'{{"$binary": {{"base64": "{content}", "subType": "{subtype}"}}}}'
            for content, subtype in (("AA==", "00"), ("A" * 21 + "A==", "00"), ("AA==", "04"))
        ),
    ],
)
def test_an_id_of_a_type_that_identifies_nothing_is_refused(seeds: Seeds, value: str) -> None:
    seeds.text(CLASSES, f'[{{"_id": "a"}},\n  {{"_id": {value}}}]')
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:2:4"
    assert problem.message == "[1]._id: an _id is text, a whole number, an ObjectId or a UUID"


@pytest.mark.parametrize("subtype", ["03", "04"])
def test_a_uuid_may_be_an_id_in_either_form(seeds: Seeds, subtype: str) -> None:
    written = {"base64": "A" * 21 + "A==", "subType": subtype}
    seeds.documents(CLASSES, {"_id": {"$binary": written}})
    assert not seeds.problems()


def test_an_address_in_a_reference_of_the_driver_s_own_form_is_seen(seeds: Seeds) -> None:
    at = {"$ref": "a", "$id": "who@example.org", "more": "who@example.org"}
    seeds.documents(CLASSES, {"_id": "a", "at": at})
    assert [problem.field for problem in seeds.problems()] == ["at.$id", "at.more"]


@pytest.mark.parametrize("name", ["$set", "$key", "$", "a.b", ".", ""])
def test_a_field_that_an_update_could_not_name_is_refused_at_its_key(
    seeds: Seeds, name: str
) -> None:
    seeds.text(CLASSES, f'[{{"_id": "a"}},\n  {{"_id": "b", "{name}": 1}}]')
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:2:16"
    assert "a top-level field name must not be empty" in problem.message


def test_an_id_used_twice_is_refused_and_both_places_are_named(seeds: Seeds) -> None:
    seeds.documents(CLASSES, {"_id": "a"})
    seeds.documents("demo/20_classes.demo.json", {"_id": "a", "is_demo": True})
    problem = seeds.problem()
    assert seeds.place(problem) == "demo/20_classes.demo.json:2:2"
    assert problem.message == f"[0]._id: the _id 'a' is already used by {seeds.root}/{CLASSES}:2:1"


def test_a_document_over_16_mib_is_refused_and_one_of_16_mib_is_not(seeds: Seeds) -> None:
    fitting = "x" * (16 * 1024 * 1024 - 24)
    seeds.documents(CLASSES, {"_id": "a", "x": fitting})
    assert seeds.problems() == []
    seeds.documents(CLASSES, {"_id": "a"}, {"_id": "b", "x": fitting + "x"})
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:3:1"
    assert problem.message == "[1]: 16,777,217 bytes, and MongoDB stores at most 16,777,216"


def test_bytes_that_are_no_utf_8_are_refused_at_the_character(seeds: Seeds) -> None:
    seeds.text(CLASSES, '[{"_id": "a"},\n{"_id": "b", "name": "Zoé"}]'.encode("latin-1"))
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:2:25"
    assert problem.message == "not UTF-8: byte 0xe9"
    assert "Zo" not in str(problem)


def test_byte_order_mark_and_crlf_are_accepted_and_places_stay_right(seeds: Seeds) -> None:
    seeds.text(CLASSES, b'\xef\xbb\xbf[\r\n{"_id": "a"}\r\n]\r\n')
    assert seeds.problems() == []
    seeds.text(CLASSES, b'\xef\xbb\xbf[\r\n{"_id": "a"},\r\n{"x": 1}\r\n]\r\n')
    assert seeds.place(seeds.problem()) == f"{CLASSES}:3:1"


@pytest.mark.parametrize(
    ("schema", "document", "place", "field", "message"),
    [
        (
            {"required": ["name"]},
            {"_id": "a"},
            "2:1",
            "",
            'the schema says: "name" is a required property',
        ),
        (
            {"properties": {"name": {"type": "string"}}},
            {"_id": "a", "name": 7},
            "2:14",
            "name",
            'the schema says: a value is not of type "string"',
        ),
        (
            {"properties": {"tags": {"items": {"maxLength": 3}}}},
            {"_id": "a", "tags": ["abc", SECRET]},
            "2:30",
            "tags[1]",
            "the schema says: a value is longer than 3 characters",
        ),
        (
            {"properties": {"_id": True}, "additionalProperties": False},
            {"_id": "a", "nmae": SECRET},
            "2:1",
            "",
            "('nmae' was unexpected)",
        ),
    ],
    ids=["a missing field", "a wrong type", "an item that is too long", "an unknown field"],
)
def test_a_document_that_breaks_its_schema_is_refused_with_the_rule(
    seeds: Seeds,
    schema: dict[str, object],
    document: dict[str, object],
    place: str,
    field: str,
    message: str,
) -> None:
    seeds.documents(CLASSES, document)
    seeds.schema("classes", schema=schema)
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:{place}"
    assert (problem.document, problem.field) == (0, field)
    assert message in problem.message
    assert SECRET not in str(problem)


def two_collections(seeds: Seeds, reference: object) -> None:
    seeds.documents(CLASSES, {"_id": "class-1"}, {"_id": "class-10"})
    seeds.documents("demo/20_classes.demo.json", {"_id": "class-demo", "is_demo": True})
    seeds.documents("reference/30_sections.json", {"_id": "a", "class_id": reference})
    seeds.schema("sections", references={"class_id": "classes._id"})


@pytest.mark.parametrize(
    ("reference", "column", "message"),
    [
        ("class-11", 14, "no _id of classes is class-11"),
        ("class-demo", 14, "class-demo of classes is a demo document: this one loads without it"),
        (10, 14, "is a number, but the _ids of classes are text"),
        ({"$oid": "0123456789abcdef01234567"}, 14, "is an ObjectId, but the _ids of classes"),
        (["class-1", "class-2"], 38, "no _id of classes is class-2"),
        ({"id": "class-1"}, 14, "is a dict, but the _ids of classes are text"),
    ],
    ids=[
        "dangling",
        "to a demo document",
        "a number for text",
        "an ObjectId for text",
        "dangling in a list",
        "an object",
    ],
)
def test_a_reference_that_leads_nowhere_or_to_a_demo_document_is_refused(
    seeds: Seeds, reference: object, column: int, message: str
) -> None:
    two_collections(seeds, reference)
    problem = seeds.problem()
    assert seeds.place(problem) == f"reference/30_sections.json:2:{column}"
    assert problem.document == 0
    assert problem.field.startswith("class_id")
    assert message in problem.message


def test_demo_and_testing_documents_may_share_ids_but_not_refer_to_each_other(
    seeds: Seeds,
) -> None:
    seeds.documents("demo/20_classes.demo.json", {"_id": "x", "is_demo": True})
    seeds.documents("testing/20_classes.json", {"_id": "x", "is_demo": True})
    assert seeds.problems() == []
    seeds.documents("demo/20_classes.demo.json", {"_id": "y", "is_demo": True})
    seeds.documents("testing/30_pupils.json", {"_id": 1, "is_demo": True, "class_id": "y"})
    seeds.schema("pupils", references={"class_id": "classes._id"})
    assert "y of classes is a demo document" in seeds.problem().message


@pytest.mark.parametrize("reference", ["class-1", None, ["class-1", "class-10"], []])
def test_a_reference_to_what_is_there_or_to_nothing_is_accepted(
    seeds: Seeds, reference: object
) -> None:
    two_collections(seeds, reference)
    assert seeds.problems() == []


def test_a_reference_inside_a_document_is_followed(seeds: Seeds) -> None:
    seeds.documents(CLASSES, {"_id": "a", "links": [{"next": "a"}, {"next": "b"}, {}]})
    seeds.schema("classes", references={"links.next": "classes._id"})
    assert seeds.problem().field == "links[1].next"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ('{"schema": ', "this is not JSON"),
        ("[" * 100_000, "this is not JSON"),
        ('{"shcema": {}}', "('shcema' was unexpected)"),
        ('{"schema": {"type": "strnig"}}', "/type: a value is not valid"),
        ('{"unique": ["email"]}', '/unique/0: "email" is not of type "array"'),
        (
            '{"references": {"x": "sections"}}',
            "x refers to sections, not to an _id that loads earlier",
        ),
        ('{"schema": {"$ref": "#/$defs/gone"}}', "'/$defs/gone' does not exist"),
        ('{"schema": {"$ref": "https://example.org/schema"}}', "Retrieval is disabled"),
        (
            '{"references": {"x": "gone._id"}}',
            "x refers to gone._id, not to an _id that loads earlier",
        ),
        (
            '{"references": {"x": "sections._id"}}',
            "x refers to sections._id, not to an _id that loads earlier",
        ),
        ("[]", '/: [] is not of type "object"'),
        ('{"id_from": "code"}', '/id_from: "code" is not of type "array"'),
        ('{"id_from": []}', "/id_from: [] has less than 1 item"),
    ],
)
def test_rules_that_cannot_be_used_are_refused(seeds: Seeds, rules: str, message: str) -> None:
    seeds.documents(CLASSES, {"_id": "a"})
    seeds.documents("reference/20_sections.json", {"_id": "a"})
    seeds.text("schemas/classes.json", rules)
    problem = seeds.problem()
    assert seeds.place(problem) == "schemas/classes.json"
    assert message in problem.message


@pytest.mark.parametrize("tier", ["demo/10_people.demo.json", "testing/10_people.json"])
def test_an_invented_document_must_say_so(seeds: Seeds, tier: str) -> None:
    seeds.documents(tier, {"_id": "a", "is_demo": True}, {"_id": "b"}, {"_id": "c", "is_demo": 1})
    assert [seeds.place(problem) for problem in seeds.problems()] == [
        f"{tier}:3:1",
        f"{tier}:4:14",
    ]
    problem = seeds.problems()[0]
    assert problem.message == "[1].is_demo: not marked as invented: no is_demo"
    assert '"is_demo": true' in problem.remedy


@pytest.mark.parametrize("flag", [True, False])
def test_a_reference_document_has_no_demo_flag(seeds: Seeds, flag: bool) -> None:
    seeds.documents(CLASSES, {"_id": "a", "is_demo": flag})
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:2:14"
    assert problem.message == "[0].is_demo: a demo document among the reference data"


def test_an_address_of_an_invented_person_may_not_be_somebodys(seeds: Seeds) -> None:
    contact = {"contact": {"email": ["a@example.org", f"{SECRET}@gmail.com"]}}
    seeds.documents(STUDENTS, {"_id": "a", "is_demo": True, **contact})
    problem = seeds.problem()
    assert seeds.place(problem) == f"{STUDENTS}:2:70"
    assert problem.message == (
        "[0].contact.email[1]: an e-mail address in a domain that is not reserved"
    )
    assert SECRET not in str(problem)


def test_an_address_within_a_text_is_found(seeds: Seeds) -> None:
    note = f"Write to Ann <{SECRET}@gmail.com> or to bob@example.org"
    seeds.documents(STUDENTS, {"_id": "a", "is_demo": True, "note": note})
    assert seeds.problem().field == "note"


@pytest.mark.parametrize(
    "address", ["a@example.com", "a@mail.example.org", "a@School.TEST", "a@x.invalid"]
)
def test_a_reserved_address_is_for_invented_people_only(seeds: Seeds, address: str) -> None:
    seeds.documents(STUDENTS, {"_id": "a", "is_demo": True, "email": address})
    assert seeds.problems() == []
    seeds.documents(CLASSES, {"_id": "a", "email": address})
    problem = seeds.problem()
    assert seeds.place(problem) == f"{CLASSES}:2:14"
    assert problem.message == "[0].email: an e-mail address in a reserved domain"


@pytest.mark.parametrize(
    "name",
    [
        "classes.json",
        "reference/classes.json",
        "reference/10_classes.yaml",
        "reference/10_.json",
        "reference/10_classes.demo.json",
        "reference/10-classes.json",
        "reference/sub/10_classes.json",
        "reference/10_sub/20_classes.json",
        "demo/90_students.json",
        "testing/10_classes.demo.json",
        "staging/10_classes.json",
        "schemas/clases.json",
        "schemas/classes.yaml",
    ],
)
def test_a_file_that_would_not_be_read_is_refused(seeds: Seeds, name: str) -> None:
    seeds.documents(CLASSES, {"_id": "a"})
    seeds.text(name, "[]")
    problem = seeds.problem()
    assert seeds.place(problem).startswith(name.rpartition("/")[0] or name)
    assert "not " in problem.message
    assert problem.remedy


def test_a_folder_that_is_not_there_is_refused(seeds: Seeds) -> None:
    assert seeds.problem().message == "no such folder"


def test_a_file_that_cannot_be_read_is_refused(seeds: Seeds) -> None:
    seeds.documents(CLASSES, {"_id": "a"})
    (seeds.root / "reference/20_loop.json").symlink_to("20_loop.json")
    assert "not named like a fixture" in seeds.problem().message


def test_all_problems_are_told_at_once_but_for_the_fiftieth_and_later(seeds: Seeds) -> None:
    seeds.documents(CLASSES, {}, {"_id": "a"}, {})
    seeds.text("reference/20_sections.json", "{}")
    assert [seeds.place(problem) for problem in seeds.problems()] == [
        f"{CLASSES}:2:1",
        f"{CLASSES}:4:1",
        "reference/20_sections.json:1:1",
    ]
    seeds.documents(CLASSES, *[{}] * 1000)
    assert len(seeds.problems()) == 50


def test_the_line_of_a_problem_is_not_shown_for_it_may_hold_anything(seeds: Seeds) -> None:
    seeds.text(CLASSES, f'[{{"_id": "a", "password": "{SECRET}", "x": NaN, "y": }}]')
    seeds.text("reference/20_b.json", f'[{{"_id": "a", "password": "{SECRET}", "x": NaN}}]')
    seeds.text("reference/30_c.json", f'[{{"_id": "a", "password": "{SECRET}"}}, {SECRET}]')
    problems = seeds.problems()
    assert len(problems) == 3
    assert all(isinstance(problem, FixtureError) for problem in problems)
    assert SECRET not in "".join(map(str, problems))


def test_a_reference_that_leads_nowhere_is_answered_with_the_nearest_id(seeds: Seeds) -> None:
    two_collections(seeds, "class-11")
    assert seeds.problem().remedy == "Did you mean class-1?"
