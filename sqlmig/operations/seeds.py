"""Seeds a database with the rows of its environment's tiers, once its schema is ready."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlmig.config import Config
from sqlmig.engine.database import Database
from sqlmig.engine.history.reading import History
from sqlmig.engine.history.stamping import ensure_tables, stamp_new
from sqlmig.engine.seeds.proving import unstable_seeds
from sqlmig.engine.seeds.seeding import LIVE, Consequence, Seeder
from sqlmig.errors import ConfigError
from sqlmig.model import (
    AppliedSeed,
    CheckFile,
    Environment,
    Migrations,
    SeedFile,
    SeedReport,
    SeedStatus,
    UnstableSeed,
)
from sqlmig.operations.planning import own_rows
from sqlmig.plan import PlannedSeed, statuses
from sqlmig.plan.readiness import refuse_unready
from sqlmig.source.script import prepare
from sqlmig.source.seeds import read_seeds
from sqlmig.target.rules import Rules

Seeds = tuple[PlannedSeed, ...]


def seeds_of(config: Config, environment: Environment) -> Seeds:
    """The seeds of an environment, ready to run, in order. Raises SourceError."""
    found = read_seeds(config.seeds_folder, config.tiers[environment], config.all_tiers)
    return tuple(
        PlannedSeed(seed, prepare(seed.file.script, seed.file.directives)) for seed in found
    )


def seed_statuses(seeds: Seeds, history: History) -> list[SeedStatus]:
    """The status of each seed. Only reads."""
    applied = {seed.name: seed for seed in history.seeds()}
    return [_status(planned.seed, applied.get(planned.name)) for planned in seeds]


@dataclass(frozen=True, slots=True)
class SeedRunner:
    """Seeds a database whose schema is what the files make.

    `allowed` are the protected tables that --allow-protected names; `consequence` is what an error
    says of the rows.
    """

    database: Database
    files: Migrations
    allowed: Collection[str] = ()
    consequence: Consequence = LIVE

    def run(self, checks: Sequence[CheckFile], history: History) -> SeedReport:
        """Runs the seeds and the checks in one transaction, under the runner's lock.

        Raises PlanError, EnvironmentMismatchError, what `Seeder.run` raises, and LockTimeoutError.
        """
        rules, seeds = self._batch(history)
        if not seeds:
            return SeedReport(rules.environment)
        with self._seeder(history) as (seeder, seeds):
            stamp_new(seeder.session.history, seeder.rules)
            return seeder.run(seeds, checks)

    def prove(self, history: History) -> list[UnstableSeed]:
        """The seeds that are not idempotent; nothing that they do is kept."""
        if not self._batch(history)[1]:
            return []
        with self._seeder(history) as (seeder, seeds):
            return unstable_seeds(seeder, seeds)

    def _batch(self, history: History) -> tuple[Rules, Seeds]:
        """The rules in force, and the seeds to run; read again under the runner's lock."""
        rules = self.database.working_rules(history, self.allowed)
        refuse_unready(
            statuses(self.files, own_rows(self.files, history)),
            "the schema is not ready to be seeded",
            "Nothing was seeded.",
        )
        return rules, seeds_of(self.database.config, rules.environment)

    @contextmanager
    def _seeder(self, found: History) -> Iterator[tuple[Seeder, Seeds]]:
        """Holds the runner's lock, and uses the history as it is then. Creates the history's tables
        if a database that yoyo managed has none yet."""
        with self.database.working(found) as begun:
            rules, seeds = self._batch(begun.history)
            ensure_tables(begun.history)
            session = self.database.renewed(begun)
            forbidden = _forbidden(self.database.config)
            yield Seeder(session, rules, forbidden, self.consequence), seeds


def _forbidden(config: Config) -> Mapping[str, Sequence[str]]:
    """For each tier, the tables that its seeds must not write to. Raises ConfigError for an unknown
    name in `tier_may_write`."""
    for tier, tables in config.tier_may_write.items():
        _refuse_unknown(tier, config.all_tiers, "no environment has that tier")
        for table in tables:
            _refuse_unknown(table, config.forbidden_tables, "it is not listed in forbidden_tables")
    return {
        tier: [
            table
            for table in config.forbidden_tables
            if table not in config.tier_may_write.get(tier, ())
        ]
        for tier in config.all_tiers
    }


def _refuse_unknown(name: str, known: Sequence[str], reason: str) -> None:
    if name not in known:
        raise ConfigError(
            f"tier_may_write names {name}: {reason}",
            remedy=f"Valid names: {', '.join(known) or 'none'}.",
        )


def _status(seed: SeedFile, applied: AppliedSeed | None) -> SeedStatus:
    is_changed = applied is not None and applied.checksum != seed.file.script.checksum
    return SeedStatus(seed.name, seed.file.description, applied, is_changed)
