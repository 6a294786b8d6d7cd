"""The command that shows or sets the environment of a database."""

from __future__ import annotations

import click

from sqlmig.cli.command import Command
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for
from sqlmig.config import named_environment
from sqlmig.errors import ConfigError
from sqlmig.operations.both import has_schema, set_environment
from sqlmig.report import environment as report


@click.command(cls=Command, short_help="Show or set the database's environment.")
@click.argument("action", type=click.Choice(["set"]), required=False)
@click.argument("name", required=False)
def environment(output: Output, action: str | None, name: str | None) -> None:
    """Show the database's environment, or stamp the database: `set NAME`.

    NAME is development, testing or production.
    """
    migrator = migrator_for(output)
    if action is None:
        rules = migrator.environment()
    elif name is None:
        raise ConfigError(
            "no environment is given",
            remedy="For example: sqlmig environment set production.",
        )
    else:
        rules = set_environment(migrator, named_environment(name))
    unknown = migrator.unknown_tables() if has_schema(migrator.config) else []
    output.show(report.environment(rules, unknown))
