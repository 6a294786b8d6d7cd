"""The progress of long work: a bar on a terminal, and what others get in its place."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from sqlmig.cli.output import Output
from sqlmig.cli.terminal import is_watched
from sqlmig.model.printable import on_one_line

if TYPE_CHECKING:
    from rich.progress import TaskID

    from sqlmig.fleet.results import FleetObserver, TargetResult
    from sqlmig.mongo.seeder import Loaded

_LONG = 1_000  # documents: a batch, which takes a fraction of a second


def progress_bar(output: Output) -> AbstractContextManager[Loaded | None]:
    """A bar for people at a terminal; nothing for others."""
    if output.is_json or output.options.quiet or not is_watched(sys.stderr):
        return nullcontext()
    return _loading_bar()


@contextmanager
def _loading_bar() -> Iterator[Loaded]:
    """Draws a bar on stderr for each long file, and wipes all of them at the end."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    tasks: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True), transient=True) as progress:

        def loaded(path: str, done: int, total: int) -> None:
            if total > _LONG:
                if path not in tasks:
                    tasks[path] = progress.add_task(escape(on_one_line(path)), total=total)
                progress.update(tasks[path], completed=done)

        yield loaded


@contextmanager
def fleet_progress(output: Output) -> Iterator[FleetObserver]:
    """Shows each target that is done: a bar for people at a terminal, lines in a pipe, and a line
    of JSON for programs, which have those that were not begun at the end."""
    if output.is_json or output.options.quiet or not is_watched(sys.stderr):
        yield _lines_of_fleet(output)
        return
    with _bar_of_fleet(output) as observer:
        yield observer


def _lines_of_fleet(output: Output) -> FleetObserver:
    from sqlmig.fleet.results import FleetObserver
    from sqlmig.report import fleet as report

    class Lines(FleetObserver):
        """Prints a line for each target that something was done with."""

        def finished(self, result: TargetResult) -> None:
            """A target is done, or has failed."""
            view = report.target(result)
            output.show_line(view)
            output.lines(*view.lines(output.medium))

        def stopping(self, at_work: Sequence[str]) -> None:
            """No target is begun any more."""
            output.notice(report.stopping(at_work))

    return Lines()


@contextmanager
def _bar_of_fleet(output: Output) -> Iterator[FleetObserver]:
    """Draws a bar on stderr, and wipes it at the end."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from sqlmig.fleet.results import FleetObserver
    from sqlmig.report import fleet as report

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, expand=True) as progress:
        task = progress.add_task("targets", total=None, rate="", failed="")

        class Bar(FleetObserver):
            """Moves the bar."""

            failed = 0

            def begun(self, total: int) -> None:
                """Work begins on so many targets."""
                progress.reset(task, total=total, rate="", failed="")

            def finished(self, result: TargetResult) -> None:
                """A target is done, or has failed."""
                self.failed += result.error is not None
                found = progress.tasks[0]
                progress.update(
                    task,
                    advance=1,
                    rate=report.rate(int(found.completed) + 1, found.elapsed or 0.0),
                    failed=f"{self.failed} failed" if self.failed else "",
                )

            def stopping(self, at_work: Sequence[str]) -> None:
                """No target is begun any more."""
                output.notice(report.stopping(at_work))

        yield Bar()
