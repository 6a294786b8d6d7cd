"""Runs the requested parts of the benchmark, and collects their results."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmarks.calls import call_seconds
from benchmarks.large import FILES
from benchmarks.lexing import lexer_speeds
from benchmarks.link import slow_link
from benchmarks.migrations import migrations
from benchmarks.peers import Peers
from benchmarks.race import Race
from benchmarks.results import Results
from benchmarks.server import Flushing, Server, temporary_server
from benchmarks.tools import LOOP, Phase, Tool, own_tools, peers_of

DELAY = 0.020  # seconds, round trip
_LINKED = 100
# Above this, some peers take minutes, and the question is only how sqlmig scales.
_MOST_FOR_PEERS = 1_000


class Part(StrEnum):
    """The parts that can be requested."""

    SIZES = "sizes"
    LINK = "link"
    FILES = "files"
    LEXER = "lexer"
    CALLS = "calls"


@dataclass(frozen=True, slots=True)
class Suite:
    """The parts to run: `sizes` with each of the `flushings`, the link and the files only with the
    first. `peers` that are not installed are left out."""

    peers: Peers
    parts: Sequence[Part]
    sizes: Sequence[int]
    flushings: Sequence[Flushing]
    rounds: int

    def run(self) -> Results:
        """Runs the parts and returns the results; takes minutes."""
        results = Results()
        with tempfile.TemporaryDirectory() as folder:
            for flushing in self.flushings:
                with temporary_server(flushing) as server:
                    results.postgres = server.version
                    if Part.SIZES in self.parts:
                        self._sizes(server, flushing, Path(folder), results)
                    if flushing is self.flushings[0]:
                        self._once(server, Path(folder), results)
        if Part.LEXER in self.parts:
            results.lexer = lexer_speeds(self.rounds)
        return results

    def _sizes(self, server: Server, flushing: Flushing, folder: Path, results: Results) -> None:
        for size in self.sizes:
            tools = self._tools(server)
            if size > _MOST_FOR_PEERS:
                tools = own_tools(server)
            race = Race(tools, server, self.rounds, folder / flushing / str(size))
            results.sizes[flushing, size] = race.run(list(migrations(size)))

    def _once(self, server: Server, folder: Path, results: Results) -> None:
        tools = [tool for tool in self._tools(server) if Phase.APPLY in tool.commands]
        tools = [tool for tool in tools if tool.name != LOOP]
        if Part.LINK in self.parts:
            with slow_link(server.socket_file, DELAY / 2) as link:
                race = Race(tools, server, self.rounds, folder / "link", link)
                phases = (Phase.APPLY, Phase.NOTHING)
                results.link = race.run(list(migrations(_LINKED)), phases)
                results.linked = _LINKED
        if Part.FILES in self.parts:
            for name, make in FILES.items():
                migration = make()
                race = Race(tools, server, self.rounds, folder / name)
                results.files[name] = race.run([migration], (Phase.APPLY,))
                results.file_bytes[name] = len(migration.up.encode())
        if Part.CALLS in self.parts:
            results.calls = call_seconds(server, self.rounds)

    def _tools(self, server: Server) -> list[Tool]:
        return [*own_tools(server), *(t for t in peers_of(self.peers) if t.program is not None)]
