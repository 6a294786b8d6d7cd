"""The progress of long work: a bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from sqlmig.cli.output import Output
from sqlmig.cli.terminal import is_watched
from sqlmig.model.printable import on_one_line

if TYPE_CHECKING:
    from rich.progress import TaskID

    from sqlmig.mongo.seeder import Loaded

_LONG = 1_000  # documents; a batch, which takes a fraction of a second


def progress_bar(output: Output) -> AbstractContextManager[Loaded | None]:
    """A bar for people at a terminal; nothing for others."""
    if output.is_json or output.options.quiet or not is_watched(sys.stderr):
        return nullcontext()
    return _loading_bar()


@contextmanager
def _loading_bar() -> Iterator[Loaded]:
    """Draws a bar on stderr for each long file, and erases all of them at the end."""
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
