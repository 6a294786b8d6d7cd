"""Checks everything that can be checked without a database."""

from __future__ import annotations

from sqlmig.config import Config, expect_project
from sqlmig.errors import SourceError
from sqlmig.model import MigrationFile, ScriptFile
from sqlmig.source.checks import read_checks
from sqlmig.source.files import read_migrations
from sqlmig.source.folders import list_scripts, list_subfolders, raise_all
from sqlmig.source.script import prepare
from sqlmig.source.seeds import read_seeds


def validate(config: Config) -> tuple[MigrationFile, ...]:
    """All migrations of the project, in the order in which they apply; every statement,
    of the seeds of every tier and of the checks is read.

    Where the project has fixtures for MongoDB, they are read and checked, too; a project may have
    no migrations yet. Reads the files only. Raises SourceError for one problem, UnusableFilesError
    for several, and ConfigError where there is no project.
    """
    expect_project(config)
    migrations = _migrations(config)
    read_checks(config.checks_folder, [migration.migration_id for migration in migrations])
    tiers = config.all_tiers
    seeds = read_seeds(config.seeds_folder, tiers, tiers)
    files = [file for migration in migrations for file in (migration.file, migration.rollback)]
    found = [_problem(file) for file in (*files, *(seed.file for seed in seeds)) if file]
    errors = [error for error in found if error is not None]
    raise_all(_problems_of_fixtures(config) + errors)
    return migrations


def _migrations(config: Config) -> tuple[MigrationFile, ...]:
    folders = (config.migrations_folder, config.rollbacks_folder)
    if any(list_scripts(each) or list_subfolders(each) for each in folders):
        return read_migrations(*folders)
    return ()


def _problems_of_fixtures(config: Config) -> list[SourceError]:
    if not config.mongo_seeds_folder.is_dir() and "mongo_seeds" not in config.origins:
        return []
    from sqlmig.mongo.fixtures import read_fixtures  # noqa: PLC0415  # most projects have none

    try:
        read_fixtures(config.mongo_seeds_folder)
    except SourceError as error:
        return [error]
    return []


def _problem(file: ScriptFile) -> SourceError | None:
    try:
        prepare(file.script, file.directives)
    except SourceError as error:
        return error
    return None
