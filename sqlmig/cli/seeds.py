"""The commands that fill a database with rows, and that look at what is in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from sqlmig.cli.command import FOUND_SOMETHING, Command
from sqlmig.cli.options import allow_protected
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for
from sqlmig.errors import ConfigError
from sqlmig.report import json, text

if TYPE_CHECKING:
    from sqlmig.migrator import Migrator


@click.command(cls=Command, short_help="Fill the database with its environment's rows.")
@click.option("--dry-run", is_flag=True, help="Show what would run; change nothing.")
@click.option("--prove", is_flag=True, help="Prove that a second run changes nothing; keep none.")
@allow_protected
@click.option("--lock-wait", metavar="SECONDS", help="How long to wait for another runner.")
@click.pass_context
def seed(
    context: click.Context,
    dry_run: bool,
    prove: bool,
    allowed: tuple[str, ...],
    lock_wait: str | None,
) -> None:
    """Run the seeds of the environment's tiers, and the sanity checks, in one transaction."""
    output: Output = context.obj
    if dry_run and prove:
        raise ConfigError(
            "--dry-run runs no seed, and --prove runs each twice", remedy="Give one of them."
        )
    migrator = migrator_for(output, lock_wait=lock_wait)
    if prove:
        _prove(context, migrator)
    elif dry_run:
        found = migrator.seed_statuses()
        output.result(
            lambda: text.seed_statuses(found, datetime.now(UTC), output.medium),
            lambda: json.seed_statuses(found),
        )
    else:
        report = migrator.seed(allowed=allowed)
        output.result(lambda: text.seeded(report), lambda: json.seeded(report))


@click.command(cls=Command, short_help="Run the sanity checks.")
@click.pass_context
def check(context: click.Context) -> None:
    """Run the sanity checks; everything that they do is rolled back. Exit 1 if one fails."""
    output: Output = context.obj
    results = migrator_for(output).check()
    output.result(lambda: text.checks(results, output.medium), lambda: json.checks(results))
    if any(result.has_failed for result in results):
        context.exit(FOUND_SOMETHING)


def _prove(context: click.Context, migrator: Migrator) -> None:
    output: Output = context.obj
    unstable = migrator.prove_seeds()
    output.result(lambda: text.unstable(unstable), lambda: json.unstable(unstable))
    if unstable:
        context.exit(FOUND_SOMETHING)


COMMANDS = (seed, check)
