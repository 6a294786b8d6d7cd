"""MongoDB in a project's settings: which database, which fixtures, and whose rules."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlmig.config import EMBEDDED, Config
from sqlmig.errors import EnvironmentMismatchError
from sqlmig.model import Environment
from sqlmig.mongo.connection import AsyncDatabase, connected
from sqlmig.mongo.fixtures import read_fixtures
from sqlmig.mongo.results import FixturesReport
from sqlmig.mongo.seeder import Loaded, MongoSeeder
from sqlmig.mongo.stamp import claim, read_stamp, write_stamp
from sqlmig.target.address import mongo_url
from sqlmig.target.rules import Rules, unproven, warning_of

Result = TypeVar("Result")


class MongoProject:
    """The project's fixtures, read and checked, and its database; each call opens its own
    connection.

    The environment is `named`, else the one in an option or a variable, else the database's stamp,
    else the one in the settings. Starts the embedded server if the project uses it. Creating the
    object raises FixtureError or UnusableFilesError, before any connection; every call may raise
    ConfigError, EnvironmentMismatchError, and what MongoSeeder raises.
    """

    def __init__(self, config: Config, named: Environment | None = None) -> None:
        self._config = config
        self._named = named or config.explicit_environment
        given = config.origins.get("environment", "the argument environment")
        self._origin = "the argument named" if named else given
        self._claimed = self._named or _claimed_unasked(config)
        self._fixtures = read_fixtures(config.mongo_seeds_folder)

    def follow(self, rules: Rules) -> None:
        """Uses the environment of the project's PostgreSQL database from now on."""
        self._named, self._origin = rules.environment, rules.origin
        self._claimed = rules.environment if rules.is_named else None

    def refuse_unproven(self) -> None:
        """Raises EnvironmentMismatchError if `seed` would; reads only."""
        self._run(lambda target: target.refuse_unproven())

    def seed(self, loaded: Loaded | None = None) -> FixturesReport:
        """Seeds the database, and stamps it if it has no stamp and the environment is named.

        Raises EnvironmentMismatchError if the environment is weaker than production, the database
        has no stamp, and something was seeded before.
        """

        async def work(target: _Target) -> FixturesReport:
            await target.refuse_unproven()
            if target.stamp is None and self._claimed:
                await claim(target.seeder.database, self._claimed)
            return await target.seeder.seed(loaded)

        return self._run(work)

    def compare(self, loaded: Loaded | None = None) -> FixturesReport:
        """What seeding would find; reads only. If `seed` would be refused because there is no
        stamp, production's fixtures are compared, and `warnings` say why."""

        async def work(target: _Target) -> FixturesReport:
            report = await target.seeder.compare(loaded)
            return replace(report, warnings=target.warnings)

        return self._run(work)

    def reset(self) -> tuple[str, ...]:
        """Drops the collections that were seeded; returns their names.

        Refused in production, and if the database might be production: it has no stamp, and the
        server is not the embedded one.
        """

        async def work(target: _Target) -> tuple[str, ...]:
            await target.refuse_unproven()
            return await target.seeder.reset()

        return self._run(work)

    def _run(self, work: Callable[[_Target], Awaitable[Result]]) -> Result:
        async def call(database: AsyncDatabase) -> Result:
            return await work(await self._target(database))

        return _connected(self._config, call)

    async def _target(self, database: AsyncDatabase) -> _Target:
        stamp = await read_stamp(database, self._named)
        asked = self._named or stamp or self._config.expected_mongo_environment
        seeder = MongoSeeder(database, self._fixtures, asked)
        is_proven = stamp is not None or self._config.mongo == EMBEDDED
        if is_proven or asked is Environment.PRODUCTION or not await seeder.has_history():
            return _Target(seeder, stamp)
        seeder = MongoSeeder(database, self._fixtures, Environment.PRODUCTION)
        return _Target(seeder, stamp, unproven("MongoDB database", asked, self._origin))


@dataclass(frozen=True, slots=True)
class _Target:
    """The database in use. `refusal` says why the requested environment does not apply, in which
    case the seeder follows production's rules."""

    seeder: MongoSeeder
    stamp: Environment | None
    refusal: EnvironmentMismatchError | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        return (warning_of(self.refusal),) if self.refusal else ()

    async def refuse_unproven(self) -> None:
        if self.refusal:
            raise self.refusal


def _claimed_unasked(config: Config) -> Environment | None:
    """The stamp for an embedded server if no environment is named."""
    is_ours = config.mongo == EMBEDDED and config.environment is None
    return config.expected_mongo_environment if is_ours else None


def stamp_with(config: Config, environment: Environment) -> None:
    """Stamps the project's MongoDB database, whatever its previous stamp."""
    _connected(config, lambda database: write_stamp(database, environment))


def _connected(config: Config, call: Callable[[AsyncDatabase], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with connected(mongo_url(config), config.mongo_driver) as database:
            return await call(database)

    return asyncio.run(run())
