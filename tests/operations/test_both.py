"""Both databases of a project: seeded together, under one environment, after the schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database as MongoDatabase

from sqlmig import Config, Migrator
from sqlmig.errors import (
    ConfigError,
    DatabaseUnavailableError,
    EnvironmentMismatchError,
    FixtureError,
    ForbiddenSeedError,
    PlanError,
)
from sqlmig.model import Environment
from sqlmig.operations.both import ProjectPart, ProjectSeeder, set_environment
from tests.database import Database
from tests.mongo.seeds import Seeds
from tests.project import Project


@pytest.fixture
def documents(mongo_url: str) -> Iterator[MongoDatabase[dict[str, Any]]]:
    """The test's MongoDB database."""
    with MongoClient[dict[str, Any]](mongo_url) as client:
        yield client.get_default_database()


@pytest.fixture(autouse=True)
def seeds(project: Project) -> Seeds:
    project.migration("001_rows", "create table rows (id int primary key)", "drop table rows")
    project.write(
        "sql/seeds/reference/001.sql", "insert into rows values (1) on conflict do nothing"
    )
    seeds = Seeds(project.root / "mongo_seeds")
    seeds.documents("reference/10_classes.json", {"_id": "class-1"})
    seeds.documents("demo/20_students.demo.json", {"_id": "s-1", "is_demo": True})
    return seeds


def migrator(project: Project, database: Database, mongo: str, **arguments: object) -> Migrator:
    given = {"database": database.url, "mongo": mongo, **arguments}
    return Migrator(project.config(**given))


def test_both_are_seeded(
    project: Project, database: Database, mongo_url: str, documents: MongoDatabase[dict[str, Any]]
) -> None:
    school = migrator(project, database, mongo_url, environment="development")
    school.apply()
    done = ProjectSeeder(school).seed()
    assert done.sql is not None
    assert done.mongo is not None
    assert database.value("select count(*) from rows") == 1
    assert documents["students"].count_documents({}) == 1
    assert documents["_sqlmig_state"].find_one({"_id": "environment"}) == {
        "_id": "environment",
        "value": "development",
    }


@pytest.mark.parametrize("only", ProjectPart)
def test_one_of_them_can_be_left_out(
    project: Project,
    database: Database,
    mongo_url: str,
    documents: MongoDatabase[dict[str, Any]],
    only: ProjectPart,
) -> None:
    school = migrator(project, database, mongo_url)
    school.apply()
    done = ProjectSeeder(school, only).seed()
    assert (done.sql is None, done.mongo is None) == (
        only is ProjectPart.MONGO,
        only is ProjectPart.SQL,
    )
    assert database.value("select count(*) from rows") == (only is ProjectPart.SQL)
    assert documents["classes"].count_documents({}) == (only is ProjectPart.MONGO)


def test_mongodb_alone_needs_no_postgresql(project: Project, mongo_url: str) -> None:
    config = project.config(database="postgresql://nowhere.invalid/x", mongo=mongo_url)
    assert ProjectSeeder(Migrator(config), ProjectPart.MONGO).seed().mongo is not None


def test_a_plan_writes_to_neither(
    project: Project, database: Database, mongo_url: str, documents: MongoDatabase[dict[str, Any]]
) -> None:
    school = migrator(project, database, mongo_url, environment="development")
    school.apply()
    planned = ProjectSeeder(school).plan()
    assert planned.sql is not None
    assert [status.name for status in planned.sql] == ["reference/001"]
    assert planned.mongo is not None
    assert database.value("select count(*) from rows") == 0
    assert documents.list_collection_names() == []


def test_while_migrations_are_pending_neither_is_seeded(
    project: Project, database: Database, mongo_url: str, documents: MongoDatabase[dict[str, Any]]
) -> None:
    school = migrator(project, database, mongo_url, environment="development")
    with pytest.raises(PlanError, match="001_rows is pending"):
        ProjectSeeder(school).seed()
    assert documents.list_collection_names() == []


def test_where_a_sql_seed_is_refused_mongodb_is_not_seeded(
    project: Project, database: Database, mongo_url: str, documents: MongoDatabase[dict[str, Any]]
) -> None:
    school = migrator(project, database, mongo_url, forbidden_tables="rows")
    school.apply()
    with pytest.raises(ForbiddenSeedError):
        ProjectSeeder(school).seed()
    assert documents.list_collection_names() == []


def test_bad_fixtures_stop_both(
    project: Project, database: Database, mongo_url: str, seeds: Seeds
) -> None:
    seeds.text("reference/10_classes.json", "[{}]")
    school = migrator(project, database, mongo_url)
    school.apply()
    with pytest.raises(FixtureError):
        ProjectSeeder(school)
    assert database.value("select count(*) from rows") == 0


def test_a_mongodb_that_cannot_be_reached_stops_both(project: Project, database: Database) -> None:
    unreachable = "mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=200"
    school = migrator(project, database, unreachable)
    school.apply()
    with pytest.raises(DatabaseUnavailableError):
        ProjectSeeder(school).seed()
    assert database.value("select count(*) from rows") == 0


def test_fixtures_without_a_database_for_them_stop_both(
    project: Project, database: Database
) -> None:
    school = Migrator(project.config(database=database.url))
    school.apply()
    with pytest.raises(ConfigError, match="no MongoDB"):
        ProjectSeeder(school).seed()
    assert database.value("select count(*) from rows") == 0
    assert ProjectSeeder(school, ProjectPart.SQL).seed().mongo is None


def test_the_environments_of_both_must_agree(
    project: Project, database: Database, mongo_url: str, documents: MongoDatabase[dict[str, Any]]
) -> None:
    migrator(project, database, mongo_url, environment="production").apply()
    documents["_sqlmig_state"].insert_one({"_id": "environment", "value": "testing"})
    with pytest.raises(EnvironmentMismatchError, match="stamped as testing"):
        ProjectSeeder(migrator(project, database, mongo_url)).seed()
    assert database.value("select count(*) from rows") == 0


def test_mongodb_follows_the_stamp_of_postgresql(
    project: Project, database: Database, mongo_url: str, documents: MongoDatabase[dict[str, Any]]
) -> None:
    migrator(project, database, mongo_url, environment="development").apply()
    ProjectSeeder(migrator(project, database, mongo_url)).seed()
    assert documents["students"].count_documents({}) == 1
    assert documents["_sqlmig_state"].count_documents({"value": "development"}) == 1


def test_an_environment_that_nobody_named_stamps_neither(
    project: Project, database: Database, mongo_url: str, documents: MongoDatabase[dict[str, Any]]
) -> None:
    school = migrator(project, database, mongo_url)
    school.apply()
    ProjectSeeder(school).seed()
    assert documents["students"].count_documents({}) == 0
    assert documents["_sqlmig_state"].count_documents({}) == 0


def test_setting_the_environment_sets_it_in_both(
    project: Project, database: Database, mongo_url: str, documents: MongoDatabase[dict[str, Any]]
) -> None:
    school = migrator(project, database, mongo_url)
    set_environment(school, Environment.TESTING)
    assert school.environment().environment is Environment.TESTING
    assert documents["_sqlmig_state"].count_documents({"value": "testing"}) == 1


def test_the_embedded_mongodb_is_left_out_of_production(
    project: Project, database: Database
) -> None:
    school = migrator(project, database, "embedded")
    assert set_environment(school, Environment.PRODUCTION).is_production
    assert not (project.root / ".sqlmig").exists()


def test_the_demo_data_of_smart_kids_academy_fit_together(
    smart_kids: Path,
    database: Database,
    mongo_url: str,
    documents: MongoDatabase[dict[str, Any]],
) -> None:
    arguments = {"database": database.url, "mongo": mongo_url, "environment": "development"}
    school = Migrator(Config.load(smart_kids, arguments, environ={}))
    school.apply()
    ProjectSeeder(school).seed()
    ledgers = dict(database.rows("select student_id, class_id from student_fee_ledgers"))
    students = {each["_id"]: each["class_id"] for each in documents["students"].find()}
    assert ledgers == students
    assert len(students) == 60
