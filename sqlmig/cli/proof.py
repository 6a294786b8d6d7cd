"""The commands that prove rollbacks by a round trip, and the live schema by replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sqlmig.cli.command import Command
from sqlmig.cli.options import scratch_url_option
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for, migrator_for_scratch
from sqlmig.config import refuse_empty
from sqlmig.errors import ConfigError
from sqlmig.report import proof as report
from sqlmig.report import rows as report_rows

if TYPE_CHECKING:
    from sqlmig.migrator import Migrator
    from sqlmig.proof.rows import RowTrip


@click.command(cls=Command, short_help="Prove every rollback on a scratch database.")
@click.argument("target", required=False)
@click.option("--only-pending", is_flag=True, help="Only the migrations pending on the database.")
@click.option("--rows", is_flag=True, help="Compare rows: those of the seeds, and samples.")
@scratch_url_option
def verify(
    output: Output, target: str | None, only_pending: bool, rows: bool, scratch_url: str | None
) -> bool:
    """Apply, roll back and reapply each migration, up to and including TARGET, on a scratch
    database, and compare the schema after each step. The database itself is not touched.

    With --rows, seed the scratch database, roll back each migration, newest first, and compare the
    rows of every table before it and after another round trip.

    Exits 1 if a rollback does not restore what was there.
    """
    refuse_empty(scratch_url, "--scratch-url")
    if rows and (target or only_pending):
        raise ConfigError(
            "the seeds of --rows need all migrations, so it cannot be combined with TARGET or "
            "--only-pending",
            remedy="Run: sqlmig verify --rows.",
        )
    migrator = migrator_for(output) if only_pending else migrator_for_scratch(output, scratch_url)
    if rows:
        return _verify_rows(output, migrator, scratch_url)
    verified = migrator.verify_pending if only_pending else migrator.verify
    result = verified(
        target, scratch_url=scratch_url, tell=lambda trip: output.lines(*report.round_trip(trip))
    )
    output.show(report.verified(result))
    return not result.is_sound


def _verify_rows(output: Output, migrator: Migrator, scratch_url: str | None) -> bool:
    def tell(trip: RowTrip) -> None:
        output.lines(*report_rows.trip(trip))

    result = migrator.verify_rows(scratch_url=scratch_url, tell=tell)
    output.show(report_rows.verified(result))
    return not result.is_sound


@click.command(cls=Command, short_help="Compare the live schema with the applied migrations.")
@scratch_url_option
def drift(output: Output, scratch_url: str | None) -> bool:
    """Show what was changed in the live schema without a migration. Replays the applied migrations
    on a scratch database and compares. The database itself is not touched.

    Exits 1 if there is a difference.
    """
    refuse_empty(scratch_url, "--scratch-url")
    found = migrator_for(output).drift(scratch_url=scratch_url)
    output.show(report.drift(found))
    return bool(found.differences)
