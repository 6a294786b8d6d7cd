"""The commands that create and renumber migrations."""

from __future__ import annotations

from datetime import datetime

import click

from sqlmig.cli.command import Command
from sqlmig.cli.completion import complete_migration
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for
from sqlmig.report import files as report


@click.command(cls=Command, short_help="Create a migration.")
@click.argument("description")
@click.option("--slug", metavar="NAME", help="The name of its files, after the number.")
@click.option("--timestamp", is_flag=True, help="Number it with a timestamp.")
@click.option("--no-transaction", is_flag=True, help="Run each statement outside a transaction.")
@click.option("--irreversible", metavar="REASON", help="Why it has no rollback; implies --adr.")
@click.option("--adr", is_flag=True, help="Also create a decision record.")
def new(
    output: Output,
    description: str,
    slug: str | None,
    timestamp: bool,
    no_transaction: bool,
    irreversible: str | None,
    adr: bool,
) -> None:
    """Create a migration: its file, its rollback, and its entry in the changelog, if the project
    has one."""
    from sqlmig.config import expect_any_project
    from sqlmig.project.new import Draft, new_migration

    draft = Draft(
        description=description,
        slug=slug,
        timestamp=timestamp,
        transactional=not no_transaction,
        irreversible=irreversible,
        decision=adr,
    )
    config = output.options.config()
    expect_any_project(config)
    written = new_migration(config, draft, datetime.now().astimezone())
    is_expected = output.options.verbose or "changelog" in config.origins
    output.show(report.written(written, config.changelog if is_expected else None))


@click.command(cls=Command, short_help="Give a pending migration another number.")
@click.argument("migration", metavar="[ID]", required=False, shell_complete=complete_migration)
@click.option("--to", "number", metavar="N", help="The number (default: the next free one).")
def renumber(output: Output, migration: str | None, number: str | None) -> None:
    """Give a pending migration another number, in its files, its entry, and the `depends` of
    others.

    Without ID, renumber every migration that is not merged and whose number is taken, or below a
    merged one.
    """
    from sqlmig.project.renumber import renumber

    migrator = migrator_for(output)
    applied = () if migrator.config.database is None else migrator.applied_ids()
    done = renumber(migrator.config, migration, number, applied=applied)
    output.show(report.renumbered(done))
