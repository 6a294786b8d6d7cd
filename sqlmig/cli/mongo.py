"""The commands for MongoDB alone: compare the fixtures, or start over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sqlmig.cli.command import Command
from sqlmig.cli.output import Output
from sqlmig.cli.progress import progress_bar
from sqlmig.cli.session import announce_mongo
from sqlmig.report import mongo as report
from sqlmig.report.progress import warning

if TYPE_CHECKING:
    from sqlmig.mongo.project import MongoProject


@click.group(short_help="Compare MongoDB with its fixtures.")
def mongo() -> None:
    """Compare MongoDB with the project's fixtures, or start over."""


@mongo.command(cls=Command)
@click.option("--check", is_flag=True, help="Exit 1 if anything differs from the fixtures.")
def status(output: Output, check: bool) -> bool:
    """Show the state of the fixtures in the database. Writes nothing."""
    project = _project(output)
    with progress_bar(output) as loaded:
        found = project.compare(loaded)
    output.show(report.fixtures(found))
    return check and found.differs


@mongo.command(cls=Command, short_help="Drop the collections that were seeded.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def reset(output: Output, yes: bool) -> None:
    """Drop the collections that were seeded. Development and testing only."""
    if not yes:
        output.require_yes("drops every collection that was seeded", "sqlmig mongo reset")
    output.show(report.dropped(_project(output).reset()))


def _project(output: Output) -> MongoProject:
    """The project's fixtures, with the embedded server started if the project uses it."""
    from sqlmig.mongo.project import MongoProject

    config = output.options.config()
    project = MongoProject(config)
    output.notice(*map(warning, config.warnings))
    announce_mongo(output, config)
    return project
