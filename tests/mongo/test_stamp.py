"""The environment that a database is stamped with: who writes it, and who is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo import MongoClient

from sqlmig import Migrator
from sqlmig.errors import EnvironmentMismatchError
from sqlmig.model import Environment
from sqlmig.mongo.project import MongoProject, stamp_with
from sqlmig.mongo.stamp import claim, read_stamp, write_stamp
from sqlmig.operations.both import ProjectSeeder
from tests.database import Database
from tests.mongo.mongo import READS, Mongo, stamp_of
from tests.mongo.seeds import DEVELOPMENT, PRODUCTION, TESTING, Seeds
from tests.project import Project


async def test_a_database_has_no_stamp_until_it_gets_one_and_reading_makes_none(
    mongo: Mongo,
) -> None:
    assert await read_stamp(mongo.database, TESTING) is None
    assert mongo.commands.names() <= READS
    await claim(mongo.database, TESTING)
    assert mongo.one("_sqlmig_state", "environment") == {"_id": "environment", "value": "testing"}
    assert await read_stamp(mongo.database, TESTING) is TESTING
    assert await read_stamp(mongo.database, None) is TESTING


async def test_a_named_environment_that_is_not_the_stamp_is_refused(mongo: Mongo) -> None:
    await claim(mongo.database, TESTING)
    with pytest.raises(EnvironmentMismatchError, match="stamped as testing") as caught:
        await claim(mongo.database, PRODUCTION)
    assert caught.value.exit_code == 2
    assert "sqlmig environment set" in caught.value.remedy
    assert await read_stamp(mongo.database, None) is TESTING


async def test_a_stamp_that_is_no_environment_is_refused(mongo: Mongo) -> None:
    mongo.aside["_sqlmig_state"].insert_one({"_id": "environment", "value": "staging"})
    with pytest.raises(
        EnvironmentMismatchError, match="stamped as staging, which is not an environment"
    ):
        await read_stamp(mongo.database, None)


async def test_a_stamp_can_be_set_anew(mongo: Mongo) -> None:
    for environment in (PRODUCTION, TESTING, TESTING):
        await write_stamp(mongo.database, environment)
        assert await read_stamp(mongo.database, environment) is environment


async def test_of_several_that_claim_one_database_only_one_environment_wins(mongo: Mongo) -> None:
    claims = [claim(mongo.database, environment) for environment in Environment]
    results = await asyncio.gather(*claims, return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, EnvironmentMismatchError) for result in results) == 2


def test_the_first_seed_of_a_named_environment_stamps_and_others_do_not(
    project: Project, mongo_url: str
) -> None:
    Seeds(project.root / "mongo_seeds").documents("reference/10_classes.json", {"_id": "a"})
    unnamed = project.config(mongo=mongo_url)
    MongoProject(unnamed, TESTING).compare()
    assert stamp_of(unnamed) is None
    MongoProject(unnamed, TESTING).seed()
    assert stamp_of(unnamed) is TESTING
    assert MongoProject(unnamed).compare().environment is TESTING


def test_a_seed_without_a_named_environment_stamps_nothing(
    project: Project, mongo_url: str
) -> None:
    Seeds(project.root / "mongo_seeds").documents("reference/10_classes.json", {"_id": "a"})
    unnamed = project.config(mongo=mongo_url)
    MongoProject(unnamed).seed()
    assert stamp_of(unnamed) is None


@pytest.mark.parametrize("call", ["seed", "reset"])
@pytest.mark.parametrize("given", ["argument", "constructor", "setting"])
def test_a_database_that_was_seeded_without_a_stamp_is_production_until_it_has_one(
    project: Project, mongo_url: str, call: str, given: str
) -> None:
    seeds = Seeds(project.root / "mongo_seeds")
    seeds.documents("reference/10_classes.json", {"_id": "a", "name": "1"})
    seeds.documents("demo/20_students.demo.json", {"_id": "s", "is_demo": True})
    MongoProject(project.config(mongo=mongo_url)).seed()
    if given == "setting":
        project.write("sqlmig.toml", 'environment = "development"\n')
    arguments = {"environment": "development"} if given == "argument" else {}
    config = project.config(mongo=mongo_url, **arguments)
    weaker = MongoProject(config, DEVELOPMENT if given == "constructor" else None)
    with MongoClient[dict[str, Any]](mongo_url) as client:
        documents = client.get_default_database()
        documents["classes"].update_one({"_id": "a"}, {"$set": {"name": "theirs"}})
        with pytest.raises(EnvironmentMismatchError, match="has a history and has no stamp"):
            getattr(weaker, call)()
        assert documents["classes"].find_one() == {"_id": "a", "name": "theirs"}
        assert documents["students"].count_documents({}) == 0
        assert documents["_sqlmig_state"].count_documents({}) == 0
        seen = weaker.compare()
        assert seen.environment is PRODUCTION
        assert "sqlmig environment set development" in seen.warnings[0]
        stamp_with(config, DEVELOPMENT)
        assert weaker.compare().warnings == ()
        getattr(weaker, call)()
        assert documents["classes"].count_documents({"name": "theirs"}) == 0


def test_the_environment_that_mongodb_follows_is_no_exception(
    project: Project, database: Database, mongo_url: str
) -> None:
    Seeds(project.root / "mongo_seeds").documents("reference/10_classes.json", {"_id": "a"})
    project.migration("001_rows", "create table rows (id int primary key)")
    project.write("sql/seeds/reference/001.sql", "insert into rows values (1)")
    MongoProject(project.config(mongo=mongo_url)).seed()
    school = Migrator(project.config(database=database.url, mongo=mongo_url, environment="test"))
    school.apply()
    with pytest.raises(EnvironmentMismatchError, match="this MongoDB database has a history"):
        ProjectSeeder(school).seed()
    assert database.value("select count(*) from rows") == 0
    (warning,) = ProjectSeeder(school).plan().warnings
    assert "sqlmig environment set testing" in warning


def test_a_projects_database_can_be_stamped_anew(project: Project, mongo_url: str) -> None:
    config = project.config(mongo=mongo_url)
    stamp_with(config, PRODUCTION)
    stamp_with(config, DEVELOPMENT)
    assert stamp_of(config) is DEVELOPMENT
