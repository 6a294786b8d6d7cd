"""The commands for the project's embedded servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sqlmig.cli.command import Command
from sqlmig.cli.output import Output
from sqlmig.config import EMBEDDED
from sqlmig.report import servers as report

if TYPE_CHECKING:
    from sqlmig.embedded import EmbeddedMongo, EmbeddedPostgres


@click.group(short_help="Manage the project's embedded servers.")
def embedded() -> None:
    """Manage the project's own PostgreSQL and MongoDB servers, for development and tests."""


@embedded.command(cls=Command, short_help="Show the status of the servers.")
def status(output: Output) -> None:
    """Show whether the servers run and where they are. Starts nothing."""
    postgres, mongo = _servers(output)
    output.show(report.servers(postgres.status(), mongo.status()))


@embedded.command(cls=Command, short_help="Start the servers, creating them if needed.")
def start(output: Output) -> None:
    """Start the servers, creating them if needed; they keep running.

    MongoDB is started only if the setting `mongo` is "embedded".
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
    """Stop the servers; their data is kept."""
    postgres, mongo = _servers(output)
    stopped = ["PostgreSQL"] * postgres.stop() + ["MongoDB (SecantusDB)"] * mongo.stop()
    output.show(report.stopped(postgres.status(), mongo.status(), stopped))


@embedded.command(cls=Command)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def reset(output: Output, yes: bool) -> None:
    """Stop the servers and delete all their data."""
    postgres, mongo = _servers(output)
    if not yes:
        output.require_yes(
            "deletes every database of the embedded servers", "sqlmig embedded reset"
        )
    postgres.reset()
    mongo.reset()
    output.show(report.thrown_away(postgres.status(), mongo.status()))


@embedded.command(cls=Command, short_help="Print the URL, for psql and other clients.")
@click.argument("database", required=False)
@click.option("--tcp", is_flag=True, help="The URL over 127.0.0.1, with the password.")
def url(output: Output, database: str | None, tcp: bool) -> None:
    """Print the URL of the PostgreSQL database, or of the named one, for psql and other clients."""
    server, _ = _servers(output)
    url = server.tcp_url if tcp else server.url
    output.show(report.url(url(database) if database else url()))


def _servers(output: Output) -> tuple[EmbeddedPostgres, EmbeddedMongo]:
    from sqlmig.target.address import embedded_mongo, embedded_server

    config = output.options.config(database=EMBEDDED, mongo=EMBEDDED)
    return embedded_server(config), embedded_mongo(config)
