"""The progress of a fleet: a bar on a terminal, otherwise a line for each target."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlmig.cli.output import Output
from sqlmig.cli.terminal import is_watched
from sqlmig.fleet.results import FleetObserver, TargetResult
from sqlmig.report import fleet as report

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@contextmanager
def fleet_progress(output: Output) -> Iterator[FleetObserver]:
    """Shows each finished target: a bar for people at a terminal, lines in a pipe, and lines of
    JSON for programs, which get the targets that were not begun at the end."""
    if output.is_json or output.options.quiet or not is_watched(sys.stderr):
        yield _Lines(output)
        return
    with _bar() as progress:
        yield _Bar(output, progress, progress.add_task("targets", total=None, rate="", failed=""))


class _Stopping(FleetObserver):
    """Prints a notice when no more targets are begun."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def stopping(self, at_work: Sequence[str]) -> None:
        """No more targets are begun."""
        self._output.notice(report.stopping(at_work))


class _Lines(_Stopping):
    """Prints a line for each target that was worked on."""

    def finished(self, result: TargetResult) -> None:
        """A target is done, or has failed."""
        view = report.target(result)
        self._output.show_line(view)
        self._output.lines(*view.lines(self._output.medium))


class _Bar(_Stopping):
    """Moves the bar."""

    def __init__(self, output: Output, progress: Progress, task: TaskID) -> None:
        super().__init__(output)
        self._progress = progress
        self._task = task
        self._failed = 0

    def begun(self, total: int) -> None:
        """Work on that many targets begins."""
        self._progress.reset(self._task, total=total, rate="", failed="")

    def finished(self, result: TargetResult) -> None:
        """A target is done, or has failed."""
        self._failed += result.error is not None
        found = self._progress.tasks[0]
        self._progress.update(
            self._task,
            advance=1,
            rate=report.rate(int(found.completed) + 1, found.elapsed or 0.0),
            failed=f"{self._failed} failed" if self._failed else "",
        )


def _bar() -> Progress:
    """A bar on stderr, which is erased at the end."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True, expand=True)
