"""The commands about MongoDB: bring the fixtures in, see how they stand, start over."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import click

from sqlmig.cli.command import FOUND_SOMETHING, Command
from sqlmig.cli.output import Output
from sqlmig.cli.session import announce_mongo
from sqlmig.report import json, text

if TYPE_CHECKING:
    from sqlmig.mongo.project import MongoProject
    from sqlmig.mongo.seeder import Loaded


@click.group()
def mongo() -> None:
    """Seed MongoDB from the fixtures of the project."""


@mongo.command(cls=Command)
@click.option("--dry-run", is_flag=True, help="Show what it would do; write nothing.")
@click.pass_obj
def seed(output: Output, dry_run: bool) -> None:
    """Bring the fixtures of the environment into the database."""
    project = _project(output)
    with _bar(output) as loaded:
        found = project.compare(loaded) if dry_run else project.seed(loaded)
    as_text = text.mongo_plan if dry_run else text.mongo_seeded
    output.result(lambda: as_text(found, output.medium), lambda: json.mongo_seeds(found))


@mongo.command(cls=Command)
@click.option("--check", is_flag=True, help="Exit 1 if anything differs from the fixtures.")
@click.pass_context
def status(context: click.Context, check: bool) -> None:
    """Show how the fixtures stand in the database; writes nothing."""
    output: Output = context.obj
    project = _project(output)
    with _bar(output) as loaded:
        found = project.compare(loaded)
    output.result(lambda: text.mongo_status(found, output.medium), lambda: json.mongo_seeds(found))
    if check and found.differs:
        context.exit(FOUND_SOMETHING)


@mongo.command(cls=Command)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def reset(context: click.Context, yes: bool) -> None:
    """Drop the collections that were seeded; in development and testing only."""
    output: Output = context.obj
    if not yes and not output.agrees("This drops every collection that was seeded."):
        raise click.UsageError("reset drops collections: agree to that with --yes.", context)
    dropped = _project(output).reset()
    output.result(lambda: text.mongo_reset(dropped), lambda: json.mongo_reset(dropped))


COMMANDS = (mongo,)


def _project(output: Output) -> MongoProject:
    """The project's fixtures, and its server running if that is ours to start."""
    from sqlmig.mongo.project import MongoProject

    config = output.options.config()
    project = MongoProject(config)
    announce_mongo(output, config)
    return project


def _bar(output: Output) -> AbstractContextManager[Loaded | None]:
    if output.is_json or output.options.quiet or not sys.stderr.isatty():
        return nullcontext()
    from sqlmig.cli.progress import loading_bar

    return loading_bar()
