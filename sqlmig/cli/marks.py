"""The commands that show scripts, and that mark migrations without running them."""

from __future__ import annotations

import click

from sqlmig.cli.command import Command
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for
from sqlmig.report import marks as report

_REASON = click.option("--reason", required=True, metavar="TEXT", help="The reason, for the log.")


@click.command(cls=Command, short_help="Print a migration's SQL.")
@click.argument("migration", metavar="ID")
@click.option("--rollback", is_flag=True, help="Print its rollback.")
@click.option("--recorded", is_flag=True, help="Print the recorded script, not the file.")
def show(output: Output, migration: str, rollback: bool, recorded: bool) -> None:
    """Print a migration's SQL from its file, or from its record if the file is missing."""
    from sqlmig.operations.lookup import ScriptPart, ScriptSource

    part = ScriptPart.ROLLBACK if rollback else ScriptPart.MIGRATION
    source = ScriptSource.RECORD if recorded else ScriptSource.FILE
    script = migrator_for(output).show(migration, part, source)
    output.show_file(script.text, report.script(script))


@click.command(cls=Command, short_help="Adopt an existing database.")
@click.argument("target")
def baseline(output: Output, target: str) -> None:
    """Record all migrations up to and including TARGET as applied, without running them. For a
    database that already has its schema but no history."""
    output.show(report.marked(migrator_for(output).baseline(target)))


@click.command(cls=Command, short_help="Record a migration as applied.")
@click.argument("migration", metavar="ID")
@_REASON
def mark(output: Output, migration: str, reason: str) -> None:
    """Record a migration as applied, without running it."""
    output.show(report.marked(migrator_for(output).mark(migration, reason)))


@click.command(cls=Command, short_help="Record a migration as not applied.")
@click.argument("migration", metavar="ID")
@_REASON
def unmark(output: Output, migration: str, reason: str) -> None:
    """Record a migration as not applied, without undoing it."""
    output.show(report.unmarked(migrator_for(output).unmark(migration, reason)))
