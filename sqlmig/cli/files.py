"""The commands about files: made, checked, and compared with the record."""

from __future__ import annotations

import click

from sqlmig.cli.command import Command
from sqlmig.cli.completion import complete_migration
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for
from sqlmig.errors import ConfigError
from sqlmig.report.json import files as json
from sqlmig.report.text import files as text


@click.command(cls=Command, short_help="Read and check every file.")
@click.pass_obj
def validate(output: Output) -> None:
    """Read and check every file; needs no database."""
    from sqlmig.operations.validation import read_project

    files = read_project(output.options.config())
    output.result(lambda: [text.validated(files)], lambda: json.validated(files))


@click.command(cls=Command, short_help="Make settings and a first migration.")
@click.pass_obj
def init(output: Output) -> None:
    """Make settings, folders and a first migration; overwrites nothing."""
    from sqlmig.project.init import write_starter

    written = write_starter(output.options.project)
    output.result(lambda: text.starter(written), lambda: json.starter(written))


@click.command(cls=Command, short_help="Compare a migration with its record.")
@click.argument("migration", metavar="ID", shell_complete=complete_migration)
@click.pass_obj
def diff(output: Output, migration: str) -> None:
    """Show what was recorded of a migration against its files now."""
    result = migrator_for(output).compare(migration)
    output.result(lambda: text.comparison(result), lambda: json.comparison(result))


@click.command(cls=Command, short_help="Record the files as they are now.")
@click.argument("migrations", metavar="[ID]...", nargs=-1, shell_complete=complete_migration)
@click.option("--all", "everything", is_flag=True, help="All whose files differ from the record.")
@click.pass_obj
def repair(output: Output, migrations: tuple[str, ...], everything: bool) -> None:
    """Record the files of applied migrations as they are now."""
    if bool(migrations) == everything:
        raise ConfigError(
            "say what to repair: one or more IDs, or --all",
            remedy="See what differs with `sqlmig status`.",
        )
    migrator = migrator_for(output)
    done = migrator.repair(None if everything else list(migrations))
    output.result(lambda: text.repaired(done, migrations), lambda: json.repaired(done))
