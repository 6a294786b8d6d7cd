"""The environment that a database is stamped with: who writes it, and who is refused."""

from __future__ import annotations

import asyncio

import pytest

from sqlmig.errors import EnvironmentMismatchError
from sqlmig.model import Environment
from sqlmig.mongo.project import MongoProject, stamp_of, stamp_with
from sqlmig.mongo.stamp import claim, read_stamp, write_stamp
from tests.mongo.mongo import READS, Mongo
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
        EnvironmentMismatchError, match="stamped as staging, and that is no environment"
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
    MongoProject(unnamed).seed()
    assert stamp_of(unnamed) is None
    MongoProject(unnamed, TESTING).compare()
    assert stamp_of(unnamed) is None
    MongoProject(unnamed, TESTING).seed()
    assert stamp_of(unnamed) is TESTING
    assert MongoProject(unnamed).compare().environment is TESTING


def test_a_projects_database_can_be_stamped_anew(project: Project, mongo_url: str) -> None:
    config = project.config(mongo=mongo_url)
    stamp_with(config, PRODUCTION)
    stamp_with(config, DEVELOPMENT)
    assert stamp_of(config) is DEVELOPMENT
