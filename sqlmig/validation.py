"""Checks everything that can be checked without a database."""

from __future__ import annotations

from sqlmig.config import Config
from sqlmig.errors import SourceError, UnusableFilesError
from sqlmig.model import MigrationFile, ScriptFile
from sqlmig.source.files import read_migrations
from sqlmig.source.script import prepare


def validate(config: Config) -> tuple[MigrationFile, ...]:
    """All migrations of the project, in the order in which they apply, every statement read.

    Where the project has fixtures for MongoDB, they are read and checked, too. Reads the files
    only. Raises SourceError for one problem, UnusableFilesError for several.
    """
    migrations = read_migrations(config.migrations_folder, config.rollbacks_folder)
    errors = _problems_of_fixtures(config)
    for migration in migrations:
        for file in (migration.file, migration.rollback):
            if file is not None and (error := _problem(file)) is not None:
                errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise UnusableFilesError(errors)
    return migrations


def _problems_of_fixtures(config: Config) -> list[SourceError]:
    if not config.mongo_seeds_folder.is_dir() and "mongo_seeds" not in config.origins:
        return []
    from sqlmig.mongo.fixtures import read_fixtures  # noqa: PLC0415  # most projects have none

    try:
        read_fixtures(config.mongo_seeds_folder)
    except UnusableFilesError as several:
        return list(several.errors)
    except SourceError as error:
        return [error]
    return []


def _problem(file: ScriptFile) -> SourceError | None:
    try:
        prepare(file.script, file.directives)
    except SourceError as error:
        return error
    return None
