"""The commands that prove: rollbacks by round trip, the live schema by replay."""

from __future__ import annotations

import click

from sqlmig.cli.command import Command
from sqlmig.cli.options import scratch_url_option
from sqlmig.cli.output import Output
from sqlmig.cli.session import migrator_for, migrator_for_scratch
from sqlmig.config import refuse_empty
from sqlmig.report import proof as report


@click.command(cls=Command, short_help="Prove every rollback on a scratch database.")
@click.argument("target", required=False)
@click.option("--only-pending", is_flag=True, help="Only the migrations pending on the database.")
@scratch_url_option
def verify(output: Output, target: str | None, only_pending: bool, scratch_url: str | None) -> bool:
    """Apply, roll back and reapply each migration, up to and including TARGET, on a scratch
    database, and compare the schema after each step. The database itself is not touched.

    Exits 1 if a rollback does not restore what was there.
    """
    refuse_empty(scratch_url, "--scratch-url")
    migrator = migrator_for(output) if only_pending else migrator_for_scratch(output, scratch_url)
    verified = migrator.verify_pending if only_pending else migrator.verify
    result = verified(
        target, scratch_url=scratch_url, tell=lambda trip: output.lines(*report.round_trip(trip))
    )
    output.show(report.verified(result))
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
