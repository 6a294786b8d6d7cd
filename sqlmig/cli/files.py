"""The commands about files: made, checked, and compared with the record."""

from __future__ import annotations

import click

from sqlmig.cli.command import Command
from sqlmig.cli.completion import complete_migration
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for
from sqlmig.errors import ConfigError
from sqlmig.report import files as report


@click.command(cls=Command, short_help="Read and check every file.")
def validate(output: Output) -> None:
    """Read and check every file; needs no database."""
    from sqlmig.operations.validation import read_project

    output.show(report.validated(read_project(output.options.config())))


@click.command(cls=Command, short_help="Make settings and a first migration.")
def init(output: Output) -> None:
    """Make settings, folders and a first migration; overwrites nothing."""
    from sqlmig.project.init import write_starter

    output.show(report.starter(write_starter(output.options.project)))


@click.command(cls=Command, short_help="Compare a migration with its record.")
@click.argument("migration", metavar="ID", shell_complete=complete_migration)
def diff(output: Output, migration: str) -> None:
    """Show what was recorded of a migration against its files now."""
    output.show(report.comparison(migrator_for(output).compare(migration)))


@click.command(cls=Command, short_help="Record the files as they are now.")
@click.argument("migrations", metavar="[ID]...", nargs=-1, shell_complete=complete_migration)
@click.option("--all", "everything", is_flag=True, help="All whose files differ from the record.")
def repair(output: Output, migrations: tuple[str, ...], everything: bool) -> None:
    """Record the files of applied migrations as they are now."""
    if bool(migrations) == everything:
        raise ConfigError(
            "say what to repair: one or more IDs, or --all",
            remedy="See what differs with `sqlmig status`.",
        )
    done = migrator_for(output).repair(None if everything else list(migrations))
    output.show(report.repaired(done, migrations))
