"""A bar for loads that take a while, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from sqlmig.mongo.tiers import SeedObserver

_LONG = 1_000  # documents: a batch, which takes a fraction of a second


class _Bar:
    """An observer that moves a bar for each long file."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def loaded(self, path: str, done: int, total: int) -> None:
        """So many of the file's documents are dealt with."""
        if total <= _LONG:
            return
        if path not in self._tasks:
            self._tasks[path] = self._progress.add_task(path, total=total)
        self._progress.update(self._tasks[path], completed=done)


@contextmanager
def loading_bar() -> Iterator[SeedObserver]:
    """An observer that draws on stderr, and wipes what it drew at the end."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress)
