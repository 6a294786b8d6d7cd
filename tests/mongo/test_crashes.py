"""A seeder that is killed leaves nothing that its next run does not put right."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from pymongo.database import Database

from sqlmig.model import Environment
from sqlmig.mongo.connection import connected
from sqlmig.mongo.fixtures import Fixtures
from sqlmig.mongo.seeder import MongoSeeder
from sqlmig.mongo.stamp import claim
from tests.command import run_command
from tests.forkserver import Command
from tests.mongo.seeds import DEVELOPMENT, PRODUCTION, Seeds

REPOSITORY = Path(__file__).parents[2]
SIGKILLED = -9
NEVER = 1_000


def run_until(seeds: Seeds, environment: str, url: str, command: int) -> int:
    arguments = [str(seeds.root), environment, url, str(command)]
    doomed = Command(arguments, str(REPOSITORY), dict(os.environ), "tests.mongo.doomed")
    return run_command(doomed).returncode


async def seed(fixtures: Fixtures, environment: Environment, url: str) -> None:
    async with connected(url) as database:
        await claim(database, environment)
        await MongoSeeder(database, fixtures, environment).seed()


def emptied(database: Database[dict[str, Any]]) -> dict[str, list[bytes]]:
    """All that was in the database, which is empty afterwards."""
    found = {}
    for name in sorted(database.list_collection_names()):
        found[name] = sorted(bson.encode(document) for document in database[name].find())
        database.drop_collection(name)
    return found


@pytest.mark.parametrize("environment", [DEVELOPMENT.value, PRODUCTION.value])
def test_a_seeder_killed_before_any_of_its_commands_and_run_again_ends_as_one_undisturbed(
    seeds: Seeds, mongo_url: str, environment: str
) -> None:
    seeds.documents("reference/10_classes.json", *({"_id": number} for number in range(50)))
    seeds.documents("reference/20_sections.json", {"_id": "a", "name": "A"})
    seeds.schema("sections", unique=[["name"]])
    with MongoClient[dict[str, Any]](mongo_url) as client:
        database = client.get_default_database()
        assert run_until(seeds, environment, mongo_url, NEVER) == 0
        undisturbed = emptied(database)
        assert len(undisturbed["classes"]) == 50
        command = 1
        while run_until(seeds, environment, mongo_url, command) == SIGKILLED:
            asyncio.run(seed(seeds.read(), Environment(environment), mongo_url))
            assert emptied(database) == undisturbed
            command += 1
        assert command > 10
