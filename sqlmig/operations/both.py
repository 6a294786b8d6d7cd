"""Both databases of a project, seeded together under one environment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from sqlmig.config import EMBEDDED, Config
from sqlmig.model import Environment, SeedReport, SeedStatus
from sqlmig.source.files import read_migrations
from sqlmig.target.rules import Rules, rules_for

if TYPE_CHECKING:
    from sqlmig.mongo.project import MongoProject
    from sqlmig.mongo.results import FixturesReport
    from sqlmig.mongo.seeder import Loaded


class SqlDatabase(Protocol):
    """What a project's PostgreSQL database must provide, as a Migrator does."""

    config: Config

    def environment(self) -> Rules: ...
    def set_environment(self, environment: Environment, /) -> Rules: ...
    def seed_statuses(self) -> list[SeedStatus]: ...
    def seed(self, *, allowed: Collection[str]) -> SeedReport: ...


class ProjectPart(Enum):
    """One of the two databases."""

    SQL = "sql"
    MONGO = "mongo"


@dataclass(frozen=True, slots=True)
class ProjectSeeds:
    """What seeding did in each database; None for a database that was left out."""

    sql: SeedReport | None
    mongo: FixturesReport | None


@dataclass(frozen=True, slots=True)
class ProjectSeedPlan:
    """What seeding would do in each database; None for a database that was left out.

    `warnings` say why it would be refused; `environment` is PostgreSQL's, if that takes part.
    """

    sql: tuple[SeedStatus, ...] | None
    mongo: FixturesReport | None
    warnings: tuple[str, ...] = ()
    environment: Environment | None = None


class ProjectSeeder:
    """Seeds PostgreSQL from `sql/seeds/` and MongoDB from `mongo_seeds/`, or only one of them.

    MongoDB is part of a project that has the folder; `has_sql` and `has_mongo` say which take part.
    The constructor reads the migrations and the fixtures, and raises SourceError or
    UnusableFilesError for those that cannot be used. It connects to nothing, and starts no server.
    """

    def __init__(self, migrator: SqlDatabase, only: ProjectPart | None = None) -> None:
        self._migrator = migrator
        self.has_sql = only is not ProjectPart.MONGO
        self.has_mongo = only is ProjectPart.MONGO or (
            only is None and has_fixtures(migrator.config)
        )
        if self.has_sql:
            config = migrator.config
            read_migrations(config.migrations_folder, config.rollbacks_folder)
        self._mongo: MongoProject | None = None
        if self.has_mongo:
            from sqlmig.mongo.project import MongoProject  # noqa: PLC0415  # its driver takes long

            self._mongo = MongoProject(migrator.config)

    @property
    def config(self) -> Config:
        """The settings of the project."""
        return self._migrator.config

    def plan(self, loaded: Loaded | None = None) -> ProjectSeedPlan:
        """What `seed` would do. Only reads."""
        rules = self._agree() if self.has_sql else None
        warnings = rules.warnings if rules else ()
        statuses = tuple(self._migrator.seed_statuses()) if self.has_sql else None
        report = self._mongo.compare(loaded) if self._mongo else None
        return ProjectSeedPlan(
            statuses,
            report,
            warnings + (report.warnings if report else ()),
            rules.environment if rules else None,
        )

    def seed(self, *, allowed: Collection[str] = (), loaded: Loaded | None = None) -> ProjectSeeds:
        """Seeds PostgreSQL, in one transaction, and then MongoDB, whose seeds do not depend on
        PostgreSQL's; both can be seeded again after a failure.

        Raises what Migrator.seed and MongoProject.seed raise; before anything is seeded if the
        schema is not ready, MongoDB cannot be reached, or the environments disagree.
        """
        if self._mongo and self.has_sql:
            self._agree().refuse_unproven()
            self._mongo.refuse_unproven()
        return ProjectSeeds(
            self._migrator.seed(allowed=allowed) if self.has_sql else None,
            self._mongo.seed(loaded) if self._mongo else None,
        )

    def _agree(self) -> Rules:
        """PostgreSQL's rules; MongoDB follows its environment, unless that is itself unclear."""
        rules = self._migrator.environment()
        if self._mongo and not rules.refusal:
            self._mongo.follow(rules)
        return rules


def set_environment(migrator: SqlDatabase, environment: Environment) -> Rules:
    """Stamps both databases, or the project's only one, whatever their stamps were; returns the
    rules in force.

    Leaves out the embedded MongoDB in production, where it is not allowed.
    """
    config = migrator.config
    is_ours_alone = config.mongo == EMBEDDED and environment is Environment.PRODUCTION
    if has_fixtures(config) and config.mongo is not None and not is_ours_alone:
        from sqlmig.mongo.project import stamp_with  # noqa: PLC0415  # its driver takes long

        stamp_with(config, environment)
        if not has_schema(config):
            return rules_for(replace(config, environment=None), environment)
    return migrator.set_environment(environment)


def has_schema(config: Config) -> bool:
    """Whether PostgreSQL is part of the project."""
    return config.database is not None or config.migrations_folder.is_dir()


def has_fixtures(config: Config) -> bool:
    """Whether MongoDB is part of the project."""
    return config.mongo_seeds_folder.is_dir()
