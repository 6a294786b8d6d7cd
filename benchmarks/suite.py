"""Runs the requested parts of the benchmark, and collects their results."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from benchmarks.calls import call_seconds
from benchmarks.commands import measure_commands
from benchmarks.fleet import measure_fleet
from benchmarks.importing import measure_imports
from benchmarks.large import FILES, LargeFile
from benchmarks.lexing import lexer_speeds
from benchmarks.link import slow_link
from benchmarks.migrations import migrations
from benchmarks.mongo import measure_mongo
from benchmarks.peers import Peers
from benchmarks.process import LONG, USUAL
from benchmarks.race import Race
from benchmarks.results import Results
from benchmarks.server import Flushing, Server, temporary_server
from benchmarks.tools import FLOOR, LOOP, OURS, Phase, Tool, own_tools, peers_of

DELAY = 0.020  # seconds, round trip
# Above this, some peers take minutes, and the question is only how sqlmig scales.
_MOST_FOR_PEERS = 1_000


class Part(StrEnum):
    """The parts that can be requested."""

    SIZES = "sizes"
    LINK = "link"
    FILES = "files"
    COMMANDS = "commands"
    IMPORT = "import"
    FLEET = "fleet"
    MONGO = "mongo"
    LEXER = "lexer"
    CALLS = "calls"


@dataclass(frozen=True, slots=True)
class Scale:
    """The size of each part: the number of migrations over the `link`, for the `commands` and for
    an import; the large `files`; the number of tenants that are `current`, and that are `behind`;
    of documents that are `read`, and `written`; of `rows` for the lexer; of migrations or tables
    for single calls that need `many`."""

    link: int = 100
    commands: int = 1_000
    imported: int = 1_000
    files: Mapping[str, LargeFile] = field(default_factory=lambda: FILES)
    current: int = 100
    behind: int = 50
    read: int = 1_000_000
    written: int = 100_000
    rows: int = 100_000
    many: int = 1_000


@dataclass(frozen=True, slots=True)
class Suite:
    """The parts to run: `sizes` with each of the `flushings`, the others only with the first.
    `peers` that are not installed are left out."""

    peers: Peers
    parts: Sequence[Part]
    sizes: Sequence[int]
    flushings: Sequence[Flushing]
    rounds: int
    scale: Scale = Scale()

    def run(self) -> Results:
        """Runs the parts and returns the results; takes minutes."""
        results = Results(flushing=self.flushings[0])
        self._alone(results)
        with tempfile.TemporaryDirectory() as name:
            for flushing in self.flushings if Part.SIZES in self.parts else self.flushings[:1]:
                with temporary_server(flushing) as server:
                    results.postgres = server.version
                    if Part.SIZES in self.parts:
                        self._sizes(server, flushing, Path(name), results)
                    if flushing is self.flushings[0]:
                        self._races(server, Path(name), results)
                        self._on_server(server, Path(name), results)
        return results

    def _alone(self, results: Results) -> None:
        """Runs the parts that need no PostgreSQL server."""
        if Part.LEXER in self.parts:
            results.lexer = lexer_speeds(self.rounds, self.scale.rows)
        if Part.IMPORT in self.parts:
            results.imports = measure_imports(self.scale.imported, self.rounds)
        if Part.MONGO in self.parts:
            results.mongo = measure_mongo(self.scale.read, self.scale.written, self.rounds)

    def _on_server(self, server: Server, folder: Path, results: Results) -> None:
        """Runs the parts in which sqlmig is not compared with other tools."""
        scale, rounds = self.scale, self.rounds
        if Part.CALLS in self.parts:
            results.calls = call_seconds(server, rounds, scale.many)
        if Part.COMMANDS in self.parts:
            results.commands = measure_commands(server, folder / "commands", scale.commands, rounds)
        if Part.FLEET in self.parts:
            results.fleet = measure_fleet(
                server, folder / "fleet", scale.current, scale.behind, rounds
            )

    def _sizes(self, server: Server, flushing: Flushing, folder: Path, results: Results) -> None:
        for size in self.sizes:
            tools = self._tools(server)
            if size > _MOST_FOR_PEERS:
                tools = own_tools(server)
            race = Race(tools, server, self.rounds, folder / flushing / str(size))
            results.sizes[flushing, size] = race.run(list(migrations(size)))

    def _races(self, server: Server, folder: Path, results: Results) -> None:
        tools = [tool for tool in self._tools(server) if Phase.APPLY in tool.commands]
        tools = [tool for tool in tools if tool.name != LOOP]
        if Part.LINK in self.parts:
            with slow_link(server.socket_file, DELAY / 2) as link:
                race = Race(tools, server, self.rounds, folder / "link", link)
                phases = (Phase.APPLY, Phase.NOTHING)
                results.link = race.run(list(migrations(self.scale.link)), phases)
                results.linked = self.scale.link
        if Part.FILES in self.parts:
            for name, file in self.scale.files.items():
                migration = file.make()
                own = [tool for tool in tools if tool.name in (OURS, FLOOR)]
                runners, rounds = (tools, self.rounds) if file.for_all else (own, 1)
                seconds = USUAL if file.for_all else LONG
                race = Race(runners, server, rounds, folder / name, most_seconds=seconds)
                results.files[name] = race.run([migration], (Phase.APPLY,))
                results.file_bytes[name] = len(migration.up.encode())

    def _tools(self, server: Server) -> list[Tool]:
        return [*own_tools(server), *(t for t in peers_of(self.peers) if t.program is not None)]
