"""The commands that create and drop the project's database."""

from __future__ import annotations

import click

from sqlmig.cli.command import Command
from sqlmig.cli.output import Output
from sqlmig.cli.session import announce_postgres
from sqlmig.report import servers as report


@click.command(cls=Command, short_help="Create the database, for development.")
def create(output: Output) -> None:
    """Create the database that the settings name, if it does not exist. Not in production.

    To create a migration, use `sqlmig new`.
    """
    from sqlmig.operations.databases import create_database

    config = output.options.config()
    announce_postgres(output, config)
    output.show(report.created(create_database(config)))


@click.command(cls=Command, short_help="Drop the database, for development.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def drop(output: Output, yes: bool) -> None:
    """Drop the database that the settings name, with all its data. Not in production."""
    from sqlmig.operations.databases import drop_database

    def ask(name: str) -> None:
        if not yes:
            output.require_yes(f"deletes the database {name} and all its data", "sqlmig drop")

    config = output.options.config()
    announce_postgres(output, config)
    output.show(report.dropped(drop_database(config, ask)))
