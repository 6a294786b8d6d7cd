"""The commands for a fleet: many databases, or many schemas of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sqlmig.cli.command import INTERRUPTED, Command
from sqlmig.cli.completion import complete_migration
from sqlmig.cli.options import allow_protected
from sqlmig.cli.output import Output
from sqlmig.cli.session import announce_postgres
from sqlmig.errors import ExecutionError
from sqlmig.plan import OutOfOrder

if TYPE_CHECKING:
    from sqlmig.config import Config
    from sqlmig.fleet.fleet import Fleet
    from sqlmig.fleet.results import FleetReport


@click.group(short_help="Migrate many databases or schemas.")
def fleet() -> None:
    """Migrate many databases, or many schemas of the project's database."""


def _of_fleet(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that name the targets, and that say how to work on them."""
    options = (
        click.option(
            "--targets",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A file with the targets, `name URL` on each line.",
        ),
        click.option(
            "--query",
            metavar="SQL",
            help="A query on the project's database that returns `name, url` or `name, schema`.",
        ),
        click.option(
            "--schemas",
            metavar="PATTERN",
            help="The schemas of the project's database whose names match PATTERN, as in LIKE.",
        ),
        click.option(
            "--only", multiple=True, metavar="NAME", help="Only this target (repeatable)."
        ),
        click.option(
            "--parallel",
            type=click.IntRange(min=1),
            metavar="N",
            help="How many targets to work on at a time (default: 4).",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@fleet.command(cls=Command, short_help="Show which targets are behind.")
@_of_fleet
@click.option(
    "--check", is_flag=True, help="Exit 1 if a target is behind or differs from its record."
)
def status(output: Output, check: bool, only: tuple[str, ...], **given: Any) -> None:
    """Count the targets by state, and name those that need attention. Changes nothing."""
    with _fleet(output, only, given) as fleet:
        found = fleet.status()
    _show(output, found, check=check)


@fleet.command(cls=Command, short_help="Apply pending migrations to all targets.")
@click.argument("target", required=False, shell_complete=complete_migration)
@_of_fleet
@click.option(
    "--max-failures",
    type=click.IntRange(min=0),
    metavar="N",
    help="Start no new target after more than N failures (default: 0).",
)
@allow_protected
@click.option("--lock-wait", metavar="SECONDS", help="How long to wait for another runner.")
@click.option(
    "--allow-out-of-order",
    is_flag=True,
    help="Also apply migrations numbered below an applied one.",
)
def apply(
    output: Output,
    target: str | None,
    only: tuple[str, ...],
    allowed: tuple[str, ...],
    lock_wait: str | None,
    allow_out_of_order: bool,
    **given: Any,
) -> None:
    """Apply all pending migrations, or those up to and including TARGET, to every target."""
    out_of_order = OutOfOrder.ALLOW if allow_out_of_order else None
    with _fleet(output, only, given, lock_wait=lock_wait) as fleet:
        done = fleet.apply(target, allowed=allowed, out_of_order=out_of_order)
    _show(output, done)


@contextmanager
def _fleet(
    output: Output, only: tuple[str, ...], given: dict[str, Any], **arguments: object
) -> Iterator[Fleet]:
    """The fleet that the options describe; its progress is shown while the block runs."""
    from sqlmig.cli.fleet_progress import fleet_progress
    from sqlmig.fleet.fleet import Fleet

    config = output.options.config(**arguments)
    if given["targets"] is not None:
        given["targets"] = _from_here(config, given["targets"])
    config = replace(config, fleet=config.fleet.updated(**given))
    if config.fleet.targets is None:
        announce_postgres(output, config)
    with fleet_progress(output) as observer:
        yield Fleet(config, only, observer)


def _from_here(config: Config, path: Path) -> Path:
    """Makes a path from the command line independent of the project's folder."""
    return path if config.project == Path() else path.absolute()


def _show(output: Output, done: FleetReport, *, check: bool = False) -> None:
    """Prints the report and exits with its code; in JSON, the targets that were begun have been
    printed already."""
    from sqlmig.fleet.results import TargetState
    from sqlmig.report import fleet as report

    if output.is_json:
        for result in done.of(TargetState.NOT_BEGUN):
            output.show_line(report.target(result))
    else:
        output.show(report.fleet(done))
    failed = done.of(TargetState.FAILED)
    is_behind = done.of(TargetState.BEHIND) or done.of(TargetState.DIFFERENT)
    code = ExecutionError.exit_code if failed else int(bool(check and is_behind))
    if done.was_interrupted:
        code = INTERRUPTED
    if code:
        click.get_current_context().exit(code)
