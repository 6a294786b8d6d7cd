"""The command that imports the files of another tool."""

from __future__ import annotations

from pathlib import Path

import click

from sqlmig.cli.command import Command
from sqlmig.cli.completion import complete_tool
from sqlmig.cli.output import Output


@click.command("import", cls=Command, short_help="Import the migrations of another tool.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "tool",
    metavar="TOOL",
    shell_complete=complete_tool,
    help="The tool, such as dbmate, if the files do not show it.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
def import_(output: Output, folder: Path, tool: str | None, dry_run: bool) -> bool:
    """Convert another tool's migrations in FOLDER, with their rollbacks, to migrations of this
    project. Overwrites nothing, and needs no database.

    Exits 1 if something cannot be converted; the rest is written.
    """
    from sqlmig.config import has_settings
    from sqlmig.project.importing import import_migrations
    from sqlmig.report import adoption as report

    config = output.options.config()
    result = import_migrations(config, folder, tool, trial=dry_run)
    output.show(report.imported(result, has_settings=has_settings(config.project)))
    return not result.is_whole
