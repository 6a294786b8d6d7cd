"""The commands that fill a database with rows, and that check its contents."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from sqlmig.cli.command import Command
from sqlmig.cli.options import allow_protected
from sqlmig.cli.output import Output, Progress
from sqlmig.cli.progress import progress_bar
from sqlmig.cli.session import announce_mongo, announce_postgres, migrator_for
from sqlmig.errors import ConfigError
from sqlmig.operations.both import ProjectPart, ProjectSeeder
from sqlmig.report import checks
from sqlmig.report import seeds as report


@click.command(cls=Command, short_help="Seed the project's databases.")
@click.option("--dry-run", is_flag=True, help="Show what would run; change nothing.")
@click.option(
    "--only",
    type=click.Choice([part.value for part in ProjectPart]),
    help="Seed only PostgreSQL or only MongoDB.",
)
@click.option("--prove", is_flag=True, help="Run each seed twice, roll back, fail on any change.")
@allow_protected
@click.option("--lock-wait", metavar="SECONDS", help="How long to wait for another runner.")
def seed(
    output: Output,
    dry_run: bool,
    only: str | None,
    prove: bool,
    allowed: tuple[str, ...],
    lock_wait: str | None,
) -> bool:
    """Seed the database with the rows for its environment, and MongoDB with its documents.

    PostgreSQL's seeds and the sanity checks run in one transaction; MongoDB follows if the
    project has fixtures.
    """
    if dry_run and prove:
        raise ConfigError("--dry-run and --prove cannot be combined", remedy="Give one of them.")
    if prove:
        unstable = migrator_for(output, lock_wait=lock_wait).prove_seeds()
        output.show(report.unstable(unstable))
        return bool(unstable)
    seeder = _seeder(output, ProjectPart(only) if only else None, lock_wait)
    if dry_run:
        with progress_bar(output) as loaded:
            planned = seeder.plan(loaded)
        output.show(report.plan(planned, datetime.now(UTC), seeder.config))
    else:
        with progress_bar(output) as loaded:
            done = seeder.seed(allowed=allowed, loaded=loaded)
        output.show(report.seeded(done, seeder.config))
    return False


@click.command(cls=Command, short_help="Run the sanity checks.")
def check(output: Output) -> bool:
    """Run the sanity checks and roll back everything they do. Exit 1 if one fails."""
    migrator = migrator_for(output)
    results = migrator.check()
    output.show(checks.checks(results, str(migrator.config.checks)))
    return any(result.has_failed for result in results)


def _seeder(output: Output, only: ProjectPart | None, lock_wait: str | None) -> ProjectSeeder:
    """The seeder of the project. Its files are read before any server is started."""
    from sqlmig.migrator import Migrator

    config = output.options.config(lock_wait=lock_wait)
    seeder = ProjectSeeder(Migrator(config, Progress(output)), only)
    if seeder.has_sql:
        announce_postgres(output, config)
    if seeder.has_mongo:
        announce_mongo(output, config)
    return seeder
