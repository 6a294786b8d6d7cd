"""The commands that create files, check them, and compare them with the record."""

from __future__ import annotations

import click

from sqlmig.cli.command import Command
from sqlmig.cli.completion import complete_migration
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for
from sqlmig.cli.states import state_of
from sqlmig.errors import ConfigError
from sqlmig.report import files as report


@click.command(cls=Command, short_help="Read and check every file.")
@click.option("--staged", is_flag=True, help="Check what would be committed.")
@click.option("--rev", metavar="REV", help="Check the files of that commit.")
def validate(output: Output, staged: bool, rev: str | None) -> None:
    """Read and check every file (default: those on disk). Needs no database."""
    from sqlmig.operations.states import read_project_at

    is_on_disk = not staged and rev is None
    state = state_of(staged=staged, rev=rev, worktree=is_on_disk)
    found = read_project_at(output.options.config(), state)
    output.show(report.validated(found, "" if is_on_disk else str(state)))


@click.command(cls=Command, short_help="Create settings and a first migration.")
@click.option("--empty", is_flag=True, help="No first migration, only settings and folders.")
def init(output: Output, empty: bool) -> None:
    """Create settings, folders and a first migration. Overwrites nothing."""
    from sqlmig.project.init import write_empty_starter, write_starter

    write = write_empty_starter if empty else write_starter
    output.show(report.starter(write(output.options.project)))


@click.command(cls=Command, short_help="Compare a migration with its record.")
@click.argument("migration", metavar="ID", shell_complete=complete_migration)
def diff(output: Output, migration: str) -> None:
    """Show the differences between a migration's record and its current files."""
    output.show(report.comparison(migrator_for(output).compare(migration)))


@click.command(cls=Command, short_help="Update the records to match the files.")
@click.argument("migrations", metavar="[ID]...", nargs=-1, shell_complete=complete_migration)
@click.option(
    "--all", "everything", is_flag=True, help="All migrations whose files differ from the record."
)
def repair(output: Output, migrations: tuple[str, ...], everything: bool) -> None:
    """Update the records of applied migrations to match their current files."""
    if bool(migrations) == everything:
        raise ConfigError(
            "no migration is given: expected one or more IDs, or --all",
            remedy="See what differs with `sqlmig status`.",
        )
    done = migrator_for(output).repair(None if everything else list(migrations))
    output.show(report.repaired(done, migrations))
