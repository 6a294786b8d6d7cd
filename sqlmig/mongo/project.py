"""MongoDB as a project's settings have it: which database, which fixtures, whose rules."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlmig.config import EMBEDDED, Config
from sqlmig.database import mongo_url
from sqlmig.environments import Rules
from sqlmig.errors import ConfigError
from sqlmig.model import Environment
from sqlmig.mongo.connection import AsyncDatabase, connected
from sqlmig.mongo.fixtures import read_fixtures
from sqlmig.mongo.results import FixturesReport
from sqlmig.mongo.seeder import Loaded, MongoSeeder
from sqlmig.mongo.stamp import claim, read_stamp, write_stamp

Result = TypeVar("Result")


class MongoProject:
    """The project's fixtures, read and checked, and its database, to which each call connects.

    The environment is `named`, else the one that an option or a variable names, else the stamp of
    the database, else that of the settings. Starts the embedded server where that is meant. Making
    one raises FixtureError or UnusableFilesError, before any connection; every call may raise
    ConfigError, EnvironmentMismatchError, and what MongoSeeder does.
    """

    def __init__(self, config: Config, named: Environment | None = None) -> None:
        self._config = config
        self._named = named or config.explicit_environment
        self._claims = self._named is not None
        self._fixtures = read_fixtures(config.mongo_seeds_folder)

    def follow(self, rules: Rules) -> None:
        """From now on the environment is that of the project's other database."""
        self._named, self._claims = rules.environment, rules.is_named

    def stamp(self) -> Environment | None:
        """The stamp; raises EnvironmentMismatchError for another than the environment's."""
        return _connected(self._config, lambda database: read_stamp(database, self._named))

    def seed(self, loaded: Loaded | None = None) -> FixturesReport:
        """Seeds the database, and stamps it if it has no stamp and the environment is named."""

        async def work(seeder: MongoSeeder, stamp: Environment | None) -> FixturesReport:
            if stamp is None and self._named and self._claims:
                await claim(seeder.database, self._named)
            return await seeder.seed(loaded)

        return self._run(work)

    def compare(self, loaded: Loaded | None = None) -> FixturesReport:
        """What seeding would find; reads only."""
        return self._run(lambda seeder, _: seeder.compare(loaded))

    def reset(self) -> tuple[str, ...]:
        """Drops the collections that were seeded; their names.

        Not in production, and not where it might be that: there is no stamp, and the server is not
        the embedded one.
        """

        async def work(seeder: MongoSeeder, stamp: Environment | None) -> tuple[str, ...]:
            if self._named and stamp is None and self._config.mongo != EMBEDDED:
                raise ConfigError(
                    "this MongoDB database has no stamp: it may be a production database",
                    remedy=f"If it is not, run `sqlmig environment set {self._named.value}`.",
                )
            return await seeder.reset()

        return self._run(work)

    def _run(self, work: Callable[[MongoSeeder, Environment | None], Awaitable[Result]]) -> Result:
        async def call(database: AsyncDatabase) -> Result:
            stamp = await read_stamp(database, self._named)
            environment = self._named or stamp or self._config.expected_mongo_environment
            return await work(MongoSeeder(database, self._fixtures, environment), stamp)

        return _connected(self._config, call)


def stamp_of(config: Config) -> Environment | None:
    """The environment that the project's MongoDB database is stamped with; reads only."""
    return _connected(config, lambda database: read_stamp(database, None))


def stamp_with(config: Config, environment: Environment) -> None:
    """Stamps the project's MongoDB database, whatever its stamp was."""
    _connected(config, lambda database: write_stamp(database, environment))


def _connected(config: Config, call: Callable[[AsyncDatabase], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with connected(mongo_url(config)) as database:
            return await call(database)

    return asyncio.run(run())
