"""The commands that show scripts, and that mark migrations without running them."""

from __future__ import annotations

from pathlib import Path

import click

from sqlmig.cli.command import Command
from sqlmig.cli.completion import complete_tool
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for
from sqlmig.errors import ConfigError
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
@click.argument("target", required=False)
@click.option(
    "--from",
    "tool",
    metavar="TOOL",
    shell_complete=complete_tool,
    help="Record what the history of this tool says, instead of TARGET.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="ORIGINALS",
    help="The tool's files, to compare them with the checksums in its history.",
)
def baseline(output: Output, target: str | None, tool: str | None, folder: Path | None) -> None:
    """Record all migrations up to and including TARGET as applied, or those that another tool has
    applied, without running them. For a database that already has its schema but no history."""
    if (target is None) == (tool is None) or (folder is not None and tool is None):
        raise ConfigError(
            "expected one TARGET or --from TOOL (--folder needs --from)",
            remedy="Name the last migration that is applied, or the tool: --from TOOL.",
        )
    migrator = migrator_for(output)
    if tool is not None:
        from sqlmig.report.adoption import adopted

        output.show(adopted(migrator.baseline_from(tool, folder)))
    else:
        output.show(report.marked(migrator.baseline(target or "")))


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
