"""The targets, and whether they were met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.commands import IMPACT, VERIFY
from benchmarks.figures import Figures
from benchmarks.large import BYTES, HUGE, ROWS, START_UP
from benchmarks.results import Results
from benchmarks.server import Flushing
from benchmarks.tools import FLOOR, IMPORTS, LOOP, OURS, Phase

_MANY, _MORE = 1_000, 5_000
_INTERPRETED = ("yoyo", "Alembic", "node-pg-migrate")
_PEERS = (*_INTERPRETED, "dbmate")


@dataclass(frozen=True, slots=True)
class Target:
    """What was promised, the maximum in `limit`, and what was measured."""

    promise: str
    limit: float
    measured: float
    unit: str

    @property
    def is_met(self) -> bool:
        """Whether the promise was kept."""
        return self.measured <= self.limit


def targets(results: Results) -> Iterator[Target]:
    """Every target that the results can be compared with."""
    for (flushing, size), figures in results.sizes.items():
        if size == _MANY:
            yield from _many(figures, f"fsync {flushing}")
        if size == _MORE:
            yield from _growth(results, flushing)
    yield from _link(results)
    yield from _files(results)
    yield from _commands(results)
    yield from _imports_and_fleet(results)
    yield from _mongo(results)


def _many(figures: Figures, circumstance: str) -> Iterator[Target]:
    apply = f"apply {_MANY:,}, {circumstance}"
    if figures.has(LOOP, Phase.APPLY) and figures.has(FLOOR, Phase.APPLY):
        ratio = figures.ratio(LOOP, FLOOR, Phase.APPLY)
        yield Target(f"{apply}: the loop relative to psql", 1.0, ratio, "×")
        more = figures.difference(OURS, FLOOR, Phase.APPLY)
        yield Target(f"{apply}: process time above psql", 0.5, more, "s")
        ratio = figures.ratio(LOOP, FLOOR, Phase.ROLLBACK_REST)
        yield Target(
            f"roll back {_MANY - 1:,}, {circumstance}: the loop relative to psql", 1.1, ratio, "×"
        )
        more = figures.difference(OURS, IMPORTS, Phase.NOTHING)
        yield Target(
            f"nothing to do of {_MANY:,}, {circumstance}: time above the imports", 0.12, more, "s"
        )
    yield from _beside(_PEERS, figures, Phase.APPLY, apply)
    yield from _beside(_INTERPRETED, figures, Phase.NOTHING, f"nothing to do, {circumstance}")


def _beside(peers: tuple[str, ...], figures: Figures, phase: Phase, words: str) -> Iterator[Target]:
    """The process compared with the fastest of the peers."""
    ratios = {peer: figures.ratio(OURS, peer, phase) for peer in peers if figures.has(peer, phase)}
    if ratios:
        fastest = max(ratios, key=ratios.__getitem__)
        yield Target(f"{words}: the process relative to {fastest}", 1.0, ratios[fastest], "×")


def _growth(results: Results, flushing: Flushing) -> Iterator[Target]:
    few, many = results.sizes.get((flushing, _MANY)), results.sizes[flushing, _MORE]
    if few is not None:
        ratio = many.seconds(LOOP, Phase.APPLY) / few.seconds(LOOP, Phase.APPLY) * _MANY / _MORE
        words = f"one migration of {_MORE:,} relative to one of {_MANY:,}, fsync {flushing}"
        yield Target(words, 1.1, ratio, "×")


def _link(results: Results) -> Iterator[Target]:
    if results.link.has(OURS, Phase.APPLY):
        trips = results.link.round_trips(OURS, Phase.APPLY) / results.linked
        yield Target("round trips per migration, including start-up", 2.2, trips, "")


def _files(results: Results) -> Iterator[Target]:
    for name in (ROWS, BYTES):
        if name in results.files:
            ratio = _beyond_start(results, name, OURS) / _beyond_start(results, name, FLOOR)
            yield Target(f"{name}: relative to psql, after start-up", 1.3, ratio, "×")
            times = _memory_beyond_start(results, name) / results.file_bytes[name]
            yield Target(
                f"{name}: memory above the imports, as a multiple of the file size", 5.0, times, "×"
            )
    if HUGE in results.files and results.files[HUGE].has(OURS, Phase.APPLY):
        times = _peak(results, HUGE) / results.file_bytes[HUGE]
        yield Target(f"{HUGE}: memory, as a multiple of the file size", 2.5, times, "×")


def _commands(results: Results) -> Iterator[Target]:
    if found := results.commands:
        for command in (VERIFY, IMPACT):
            words = f"{command}, {found.migrations:,} migrations: relative to apply"
            yield Target(words, 6.0, found.ratio(command), "×")


def _imports_and_fleet(results: Results) -> Iterator[Target]:
    if imports := results.imports:
        slowest = max(imports.first, key=imports.first.__getitem__)
        words = f"import {imports.migrations:,} of {slowest}, the slowest layout: processor time"
        yield Target(words, 2.0, imports.first[slowest], "s")
    if fleet := results.fleet:
        words = f"fleet apply, {fleet.behind} tenants: processor time relative to single processes"
        yield Target(words, 0.5, fleet.ratio, "×")


def _mongo(results: Results) -> Iterator[Target]:
    if found := results.mongo:
        words = f"{found.read:,} MongoDB documents, read and checked"
        readings = found.readings.values()
        seconds = max(reading.processor_seconds for reading in readings)
        yield Target(f"{words}: processor time", 25.0, seconds, "s")
        peak = max(reading.peak_bytes for reading in readings)
        yield Target(f"{words}: peak memory", 300.0, peak / 1e6, "MB")


def _beyond_start(results: Results, name: str, tool: str) -> float:
    def seconds(file: str) -> float:
        return results.files[file].seconds(tool, Phase.APPLY)

    return seconds(name) - seconds(START_UP)


def _memory_beyond_start(results: Results, name: str) -> float:
    return _peak(results, name) - _peak(results, START_UP)


def _peak(results: Results, name: str) -> float:
    return results.files[name].peak_bytes(OURS, Phase.APPLY)
