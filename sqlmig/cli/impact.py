"""The command that shows what migrations do to a live database."""

from __future__ import annotations

import click

from sqlmig.cli.command import Command
from sqlmig.cli.completion import complete_migration
from sqlmig.cli.options import OutputFormat
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for
from sqlmig.config import refuse_empty
from sqlmig.errors import ConfigError
from sqlmig.model import Direction
from sqlmig.report import impact as report


class _Impact(Command):
    formats = tuple(OutputFormat)


@click.command(cls=_Impact, short_help="Show what migrations would block on a live database.")
@click.argument("target", required=False, shell_complete=complete_migration)
@click.option(
    "--since",
    metavar="ID|REV",
    help="The migrations after ID, or those not in the git revision REV.",
)
@click.option("--all", "everything", is_flag=True, help="All migrations on disk.")
@click.option("--check", is_flag=True, help="Exit 1 for a finding on a large table.")
@click.option("--rollbacks", is_flag=True, help="Analyze the rollback scripts instead.")
@click.option(
    "--scratch-url",
    metavar="URL",
    help="The server for the scratch database (default: the target's).",
)
def impact(
    output: Output,
    target: str | None,
    since: str | None,
    everything: bool,
    check: bool,
    rollbacks: bool,
    scratch_url: str | None,
) -> bool:
    """Run the pending migrations, up to and including TARGET, on a scratch database, and show which
    locks they hold there and what large work runs meanwhile. The database itself is only read, to
    see which migrations are pending and how large its tables are.

    --since and --all need no database; without one, every table counts as large.
    """
    refuse_empty(scratch_url, "--scratch-url")
    refuse_empty(since, "--since")
    if everything and since is not None:
        raise ConfigError("--all and --since cannot be combined", remedy="Give one of them.")
    migrator = migrator_for(output)
    direction = Direction.ROLLBACK if rollbacks else Direction.APPLY
    if everything or since is not None:
        found = migrator.impact_since(since, target, direction=direction, scratch_url=scratch_url)
    else:
        found = migrator.impact(target, direction=direction, scratch_url=scratch_url)
    is_github = output.options.output_format is OutputFormat.GITHUB
    output.show((report.annotated if is_github else report.impact)(found))
    return check and found.is_harmful
