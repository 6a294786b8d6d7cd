"""Checks everything that can be checked without a database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import TypeVar

from sqlmig.config import Config, expect_project
from sqlmig.errors import SourceError
from sqlmig.model import CheckFile, MigrationFile, ScriptFile, SeedFile
from sqlmig.source.checks import read_checks
from sqlmig.source.directives import FileKind
from sqlmig.source.files import read_migrations, read_migrations_alone
from sqlmig.source.folders import (
    ROLLBACK_SUFFIX,
    list_scripts,
    list_subfolders,
    raise_all,
    shown,
    single,
    usable_scripts,
)
from sqlmig.source.problems import problems, statement_problems
from sqlmig.source.seeds import read_seeds

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class ValidFiles:
    """The files of a project, all of them usable: migrations in the order in which they apply,
    seeds of all tiers, checks; `fixtures` is the number of MongoDB's fixture files."""

    migrations: tuple[MigrationFile, ...]
    seeds: tuple[SeedFile, ...]
    checks: tuple[CheckFile, ...]
    fixtures: int = 0

    def scripts(self) -> Iterator[ScriptFile]:
        """Every SQL file."""
        for migration in self.migrations:
            yield migration.file
            if migration.rollback is not None:
                yield migration.rollback
        yield from (seed.file for seed in self.seeds)
        yield from (check.file for check in self.checks)


def validate(config: Config) -> tuple[MigrationFile, ...]:
    """All migrations of the project, in the order in which they apply; reads every file, as
    `read_project` does."""
    return read_project(config).migrations


def read_project(config: Config) -> ValidFiles:
    """Every file of the project, with every statement read: migrations and rollbacks, seeds of
    every tier, checks, the scripts that prepare databases, and fixtures for MongoDB if there are
    any. A project may have no migrations yet.

    Only reads files. Raises SourceError for one problem, UnusableFilesError with all problems of
    all files, and ConfigError if there is no project.
    """
    expect_project(config)
    reading = _Reading()
    tiers = config.all_tiers
    ids = list(reading.files(config.migrations_folder))
    migrations = reading.read(lambda: _migrations(config)) or ()
    if reading.errors:  # errors of rollbacks may hide those between the migrations
        folders = (config.migrations_folder, config.rollbacks_folder)
        reading.read(lambda: read_migrations_alone(*folders))
    found = ValidFiles(
        migrations,
        reading.read(lambda: read_seeds(config.seeds_folder, tiers, tiers)) or (),
        reading.read(lambda: _checks(config, ids)) or (),
        reading.read(lambda: _count_fixtures(config)) or 0,
    )
    known = {file.script.path: file for file in found.scripts()}
    for path, kind in reading.scripts(config):
        file = known.get(shown(path))
        reading.note(statement_problems(file) if file else problems(path, kind))
    raise_all(sorted(reading.errors.values(), key=_line))
    return found


@dataclass(slots=True)
class _Reading:
    """One pass over all files, which continues after an error; keeps each error once, by its
    text."""

    errors: dict[str, SourceError] = field(default_factory=dict)

    def read(self, reader: Callable[[], _Found]) -> _Found | None:
        """What the reader returns; None if it raises SourceError."""
        try:
            return reader()
        except SourceError as error:
            self.note(single(error))
            return None

    def note(self, found: tuple[SourceError, ...]) -> None:
        """Keeps the errors."""
        self.errors.update((str(error), error) for error in found)

    def files(self, folder: Traversable) -> dict[str, Traversable]:
        """The scripts in a folder, as far as it can be listed."""
        self.read(lambda: list_scripts(folder))
        return self.read(lambda: usable_scripts(folder)) or {}

    def scripts(self, config: Config) -> Iterator[tuple[Traversable, FileKind]]:
        """Each SQL file of the project, and what it is for."""
        for path in self.files(config.migrations_folder).values():
            is_rollback = path.name.endswith(ROLLBACK_SUFFIX)
            yield path, FileKind.ROLLBACK if is_rollback else FileKind.MIGRATION
        for path in self.files(config.rollbacks_folder).values():
            yield path, FileKind.ROLLBACK
        for tier in config.all_tiers:
            for path in self.files(config.seeds_folder / tier).values():
                yield path, FileKind.SEED
        for path in self.files(config.checks_folder).values():
            yield path, FileKind.CHECK
        if (script := config.scratch_script_file) is not None:
            yield script, FileKind.SCRATCH
        if (script := config.preparation_file) is not None:
            yield script, FileKind.PREPARATION


def _line(error: SourceError) -> int:
    position = error.location.position
    return position.line if position else 0


def _migrations(config: Config) -> tuple[MigrationFile, ...]:
    folders = (config.migrations_folder, config.rollbacks_folder)
    if any(list_scripts(each) or list_subfolders(each) for each in folders):
        return read_migrations(*folders)
    return ()


def _checks(config: Config, migration_ids: Collection[str]) -> tuple[CheckFile, ...]:
    checks = read_checks(config.checks_folder, migration_ids)
    if any(check.file.directives.expect.conditions for check in checks):
        # Only PostgreSQL's driver knows the conditions; most projects do not need it here.
        from sqlmig.engine.guard.conditions import refuse_unknown_conditions  # noqa: PLC0415

        refuse_unknown_conditions(checks)
    return checks


def _count_fixtures(config: Config) -> int:
    if not config.mongo_seeds_folder.is_dir() and "mongo_seeds" not in config.origins:
        return 0
    from sqlmig.mongo.fixtures import read_fixtures  # noqa: PLC0415  # most projects have none

    return len(read_fixtures(config.mongo_seeds_folder).documents)
