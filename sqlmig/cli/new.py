"""The command that creates a migration."""

from __future__ import annotations

from datetime import datetime

import click

from sqlmig.cli.command import Command
from sqlmig.cli.output import Output
from sqlmig.report import files as report


@click.command(cls=Command, short_help="Create a migration.")
@click.argument("description")
@click.option("--no-transaction", is_flag=True, help="Run each statement outside a transaction.")
@click.option("--irreversible", metavar="REASON", help="Why it has no rollback; implies --adr.")
@click.option("--adr", is_flag=True, help="Also create a decision record.")
def new(
    output: Output, description: str, no_transaction: bool, irreversible: str | None, adr: bool
) -> None:
    """Create a migration: its file, its rollback, and its changelog entry."""
    from sqlmig.project.new import Draft, new_migration

    draft = Draft(
        description=description,
        transactional=not no_transaction,
        irreversible=irreversible,
        decision=adr,
    )
    written = new_migration(output.options.config(), draft, datetime.now().astimezone())
    output.show(report.written(written))
