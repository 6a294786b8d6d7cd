"""The commands about the project's own servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sqlmig.cli.command import Command
from sqlmig.cli.output import Output
from sqlmig.config import EMBEDDED
from sqlmig.report import servers as report

if TYPE_CHECKING:
    from sqlmig.embedded import EmbeddedMongo, EmbeddedPostgres


@click.group(short_help="Run the project's own server.")
def embedded() -> None:
    """Run servers of the project's own, PostgreSQL and MongoDB, for development and tests."""


@embedded.command(cls=Command, short_help="Show whether and where it runs.")
def status(output: Output) -> None:
    """Show whether they run, and where they are; starts nothing."""
    postgres, mongo = _servers(output)
    output.show(report.servers(postgres.status(), mongo.status()))


@embedded.command(cls=Command, short_help="Start it, made first if need be.")
def start(output: Output) -> None:
    """Start them, and make them first if they are not there; they keep running.

    MongoDB only where the setting `mongo` is "embedded".
    """
    from sqlmig.config import expect_project

    postgres, mongo = _servers(output)
    expect_project(output.options.config())
    postgres.start()
    if output.options.config().mongo == EMBEDDED:
        mongo.start()
    output.show(report.servers(postgres.status(), mongo.status()))


@embedded.command(cls=Command)
def stop(output: Output) -> None:
    """Stop them; their data stay."""
    postgres, mongo = _servers(output)
    was_running = any([postgres.stop(), mongo.stop()])
    output.show(report.stopped(postgres.status(), mongo.status(), was_running))


@embedded.command(cls=Command)
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(output: Output, yes: bool) -> None:
    """Stop them and throw all their data away."""
    postgres, mongo = _servers(output)
    if not yes:
        output.require_yes(
            "throws away every database of the embedded servers", "sqlmig embedded reset"
        )
    postgres.reset()
    mongo.reset()
    output.show(report.thrown_away(postgres.status(), mongo.status()))


@embedded.command(cls=Command, short_help="Print the URL, for psql and others.")
@click.argument("database", required=False)
def url(output: Output, database: str | None) -> None:
    """Print the URL of its PostgreSQL database, or of the named one, for psql and others."""
    server, _ = _servers(output)
    output.show(report.url(server.url(database) if database else server.url()))


def _servers(output: Output) -> tuple[EmbeddedPostgres, EmbeddedMongo]:
    from sqlmig.target.address import embedded_mongo, embedded_server

    config = output.options.config(database=EMBEDDED, mongo=EMBEDDED)
    return embedded_server(config), embedded_mongo(config)
