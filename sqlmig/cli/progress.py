"""A bar for loads that take a while, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID

    from sqlmig.mongo.seeder import Loaded

_LONG = 1_000  # documents: a batch, which takes a fraction of a second


@contextmanager
def loading_bar() -> Iterator[Loaded]:
    """Draws a bar on stderr for each long file, and wipes all of them at the end."""
    from rich.console import Console
    from rich.progress import Progress

    tasks: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True), transient=True) as progress:

        def loaded(path: str, done: int, total: int) -> None:
            if total > _LONG:
                if path not in tasks:
                    tasks[path] = progress.add_task(path, total=total)
                progress.update(tasks[path], completed=done)

        yield loaded
