"""The commands about MongoDB alone: see how the fixtures stand, start over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sqlmig.cli.command import Command
from sqlmig.cli.output import Output
from sqlmig.cli.progress import progress_bar
from sqlmig.cli.session import announce_mongo
from sqlmig.report import mongo as report

if TYPE_CHECKING:
    from sqlmig.mongo.project import MongoProject


@click.group(short_help="Compare MongoDB with its fixtures.")
def mongo() -> None:
    """See how the project's fixtures stand in MongoDB, or start over."""


@mongo.command(cls=Command)
@click.option("--check", is_flag=True, help="Exit 1 if anything differs from the fixtures.")
def status(output: Output, check: bool) -> bool:
    """Show how the fixtures stand in the database; writes nothing."""
    project = _project(output)
    with progress_bar(output) as loaded:
        found = project.compare(loaded)
    output.show(report.fixtures(found))
    return check and found.differs


@mongo.command(cls=Command, short_help="Drop the collections that were seeded.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(output: Output, yes: bool) -> None:
    """Drop the collections that were seeded; in development and testing only."""
    if not yes:
        output.require_yes("drops every collection that was seeded", "sqlmig mongo reset")
    output.show(report.dropped(_project(output).reset()))


def _project(output: Output) -> MongoProject:
    """The project's fixtures, and its server running if that is ours to start."""
    from sqlmig.mongo.project import MongoProject

    config = output.options.config()
    project = MongoProject(config)
    announce_mongo(output, config)
    return project
