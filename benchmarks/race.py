"""Takes every tool in turn through the phases of the same migrations, starting from an empty
database."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, Figures
from benchmarks.link import Link
from benchmarks.migrations import Migration
from benchmarks.process import USUAL, ProcessFailedError, run
from benchmarks.server import Server
from benchmarks.tools import Clock, Phase, Tool


@dataclass(frozen=True, slots=True)
class Race:
    """A number of rounds of the tools, over the link if one is given. A process that takes longer
    than `most_seconds` fails.

    `folder` is where the tools' files are written, each tool's in its own subfolder.
    """

    tools: Sequence[Tool]
    server: Server
    rounds: int
    folder: Path
    link: Link | None = None
    most_seconds: int = USUAL

    def run(
        self, migrations: Sequence[Migration], phases: Sequence[Phase] = tuple(Phase)
    ) -> Figures:
        """The figures; a tool that fails is reported on standard error and drops out of the
        race."""
        figures = Figures()
        for tool in self.tools:
            tool.write(self.folder / tool.name, migrations)
        for tool in self._in_turn():
            if not any(failed == tool.name for failed, _ in figures.failures):
                self._take_through(tool, len(migrations), phases, figures)
        return figures

    def _in_turn(self) -> Iterator[Tool]:
        """Each round begins with another tool, so that none has a fixed position."""
        for number in range(self.rounds):
            start = number % len(self.tools)
            yield from self.tools[start:]
            yield from self.tools[:start]

    def _take_through(
        self, tool: Tool, count: int, phases: Sequence[Phase], figures: Figures
    ) -> None:
        with self.server.empty_database() as database:
            url = tool.database_url(self.server, database, self.link.folder if self.link else None)
            for phase in phases:
                if phase in tool.commands:
                    try:
                        figures.add(tool.name, phase, self._measure(tool, phase, url, count))
                    except ProcessFailedError as failure:
                        print(f"\n{tool.name}, {phase}: {failure}", file=sys.stderr)
                        figures.failures[tool.name, phase] = failure.reason
                        return

    def _measure(self, tool: Tool, phase: Phase, url: str, count: int) -> Figure:
        before = self.link.round_trips if self.link else 0
        command = tool.command(phase, url, count)
        done = run(command, self.folder / tool.name, {"DATABASE_URL": url}, self.most_seconds)
        seconds = float(done.output) if tool.clock is Clock.PRINTED else done.seconds
        after = self.link.round_trips if self.link else 0
        return Figure(seconds, done.peak_bytes, after - before)
