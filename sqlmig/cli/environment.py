"""The command that tells, or sets, which environment a database is."""

from __future__ import annotations

import click

from sqlmig.cli.command import Command
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for
from sqlmig.config import named_environment
from sqlmig.errors import ConfigError
from sqlmig.operations.both import has_schema, set_environment
from sqlmig.report import environment as report


@click.command(cls=Command, short_help="Tell or set which environment the database is.")
@click.argument("action", type=click.Choice(["set"]), required=False)
@click.argument("name", required=False)
def environment(output: Output, action: str | None, name: str | None) -> None:
    """Tell which environment the database is, or stamp it: `set NAME`.

    NAME is development, testing or production.
    """
    migrator = migrator_for(output)
    if action is None:
        rules = migrator.environment()
    elif name is None:
        raise ConfigError(
            "say which environment it is",
            remedy="For example: sqlmig environment set production.",
        )
    else:
        rules = set_environment(migrator, named_environment(name))
    unknown = migrator.unknown_tables() if has_schema(migrator.config) else []
    output.show(report.environment(rules, unknown))
