"""The fixtures of this repository: those of Smart Kids Academy."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmig import Config, Migrator
from sqlmig.model import Environment
from sqlmig.mongo.fixtures import Fixtures, read_fixtures
from tests.database import Database
from tests.mongo.seeds import DEVELOPMENT, PRODUCTION, TESTING


def ids(fixtures: Fixtures, environment: Environment) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for source, documents in fixtures.of(environment).items():
        found.setdefault(source.collection, []).extend(document.id for document in documents)
    return found


def test_production_gets_classes_and_sections_and_nobody(smart_kids: Path) -> None:
    found = ids(read_fixtures(smart_kids / "mongo_seeds"), PRODUCTION)
    assert list(found) == ["classes", "sections"]
    assert found["classes"][0] == "class-nursery"
    assert found["classes"][-1] == "class-10"
    assert len(found["classes"]) == 13
    assert len(found["sections"]) == 26


def test_development_loads_classes_sections_teachers_and_students_in_that_order(
    smart_kids: Path,
) -> None:
    found = ids(read_fixtures(smart_kids / "mongo_seeds"), DEVELOPMENT)
    assert list(found) == ["classes", "sections", "teachers", "students"]
    assert len(found["students"]) == 60
    assert found["students"][0] == "student-001"


def test_testing_gets_the_least_that_shows_every_kind(smart_kids: Path) -> None:
    found = ids(read_fixtures(smart_kids / "mongo_seeds"), TESTING)
    assert list(found) == ["classes", "sections", "teachers", "students"]
    assert len(found["teachers"] + found["students"]) == 3


def test_ids_are_readable_and_every_collection_has_its_schema(smart_kids: Path) -> None:
    fixtures = read_fixtures(smart_kids / "mongo_seeds")
    assert all(
        isinstance(each, str) for values in ids(fixtures, DEVELOPMENT).values() for each in values
    )
    assert all(rules.schema for rules in fixtures.rules.values())


@pytest.mark.parametrize("environment", [DEVELOPMENT, TESTING])
def test_the_ledgers_in_postgresql_are_those_of_the_students_in_mongodb(
    smart_kids: Path, database: Database, environment: Environment
) -> None:
    settings = {"database": database.url, "environment": environment}
    migrator = Migrator(Config.load(smart_kids, settings, environ={}))
    migrator.apply()
    migrator.seed()
    ledgers = set(database.rows("select student_id, class_id from student_fee_ledgers"))
    documents = read_fixtures(smart_kids / "mongo_seeds").of(environment).items()
    students = [
        each for source, found in documents if source.collection == "students" for each in found
    ]
    in_mongodb = {(student.id, student.fields["class_id"]) for student in students}
    assert ledgers <= in_mongodb
    assert environment is TESTING or ledgers == in_mongodb
