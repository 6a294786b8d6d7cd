"""The commands about the project's own PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sqlmig.cli.command import Command
from sqlmig.cli.output import Output
from sqlmig.config import EMBEDDED
from sqlmig.report import json, text

if TYPE_CHECKING:
    from sqlmig.embedded import EmbeddedPostgres


@click.group(short_help="Run the project's own server.")
def embedded() -> None:
    """Run a PostgreSQL server of the project's own, for development and tests."""


@embedded.command(cls=Command, short_help="Show whether and where it runs.")
@click.pass_obj
def status(output: Output) -> None:
    """Show whether it runs, and where it is; starts nothing."""
    found = _server(output).status()
    output.result(lambda: text.server(found), lambda: json.server(found))


@embedded.command(cls=Command, short_help="Start it, made first if need be.")
@click.pass_obj
def start(output: Output) -> None:
    """Start it, and make it first if it is not there; it keeps running."""
    found = _server(output).start()
    output.result(lambda: text.server(found), lambda: json.server(found))


@embedded.command(cls=Command)
@click.pass_obj
def stop(output: Output) -> None:
    """Stop it; its data stay."""
    server = _server(output)
    was_running = server.stop()
    output.result(lambda: text.stopped(was_running), lambda: json.server(server.status()))


@embedded.command(cls=Command)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def reset(context: click.Context, yes: bool) -> None:
    """Stop it and throw all its data away."""
    output: Output = context.obj
    server = _server(output)
    if not yes and not output.agrees("This throws away every database of the embedded server."):
        raise click.UsageError("reset throws all data away: agree to that with --yes.", context)
    server.reset()
    output.result(text.thrown_away, lambda: json.server(server.status()))


@embedded.command(cls=Command, short_help="Print the URL, for psql and others.")
@click.argument("database", required=False)
@click.pass_obj
def url(output: Output, database: str | None) -> None:
    """Print the URL of its database, or of the named one, for psql and others."""
    server = _server(output)
    found = server.url(database) if database else server.url()
    output.result(lambda: found, lambda: json.server_url(found))


def _server(output: Output) -> EmbeddedPostgres:
    from sqlmig.database import embedded_server

    return embedded_server(output.options.config(database=EMBEDDED))


COMMANDS = (embedded,)
