"""The commands about MongoDB: bring the fixtures in, see how they stand, start over."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TypeVar

import click

from sqlmig.cli.command import FOUND_SOMETHING, Command
from sqlmig.cli.output import Output
from sqlmig.cli.session import announce_mongo
from sqlmig.mongo.tiers import SeedObserver, SilentSeedObserver
from sqlmig.report import json, text

if TYPE_CHECKING:
    from sqlmig.mongo.seeder import MongoSeeder

Result = TypeVar("Result")


@click.group()
def mongo() -> None:
    """Seed MongoDB from the fixtures of the project."""


@mongo.command(cls=Command)
@click.option("--dry-run", is_flag=True, help="Show what it would do; write nothing.")
@click.pass_obj
def seed(output: Output, dry_run: bool) -> None:
    """Bring the fixtures of the environment into the database."""
    if dry_run:
        found = _with_seeder(output, lambda seeder: seeder.compare())
        as_text = text.mongo_plan
    else:
        found = _with_seeder(output, lambda seeder: seeder.seed())
        as_text = text.mongo_seeded
    output.result(lambda: as_text(found, output.medium), lambda: json.mongo_seeds(found))


@mongo.command(cls=Command)
@click.option("--check", is_flag=True, help="Exit 1 if anything differs from the fixtures.")
@click.pass_context
def status(context: click.Context, check: bool) -> None:
    """Show how the fixtures stand in the database; writes nothing."""
    output: Output = context.obj
    found = _with_seeder(output, lambda seeder: seeder.compare())
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
    dropped = _with_seeder(output, lambda seeder: seeder.reset())
    output.result(lambda: text.mongo_reset(dropped), lambda: json.mongo_reset(dropped))


COMMANDS = (mongo,)


def _with_seeder(output: Output, call: Callable[[MongoSeeder], Awaitable[Result]]) -> Result:
    """What the call gives, on the project's fixtures and then its database."""
    import asyncio

    from sqlmig.database import mongo_url
    from sqlmig.mongo.connection import connected
    from sqlmig.mongo.fixtures import read_fixtures
    from sqlmig.mongo.seeder import MongoSeeder

    config = output.options.config()
    fixtures = read_fixtures(config.mongo_seeds_folder, config.mongo_environment)
    announce_mongo(output, config)

    async def run() -> Result:
        async with connected(mongo_url(config)) as database:
            with _observer(output) as observer:
                return await call(MongoSeeder(database, fixtures, observer))

    return asyncio.run(run())


def _observer(output: Output) -> AbstractContextManager[SeedObserver]:
    if output.is_json or output.options.quiet or not sys.stderr.isatty():
        return nullcontext(SilentSeedObserver())
    from sqlmig.cli.progress import loading_bar

    return loading_bar()
