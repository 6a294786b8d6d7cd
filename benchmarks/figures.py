"""The measurements, and what is derived from them: medians, and ratios of pairs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.tools import Phase


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement: seconds, peak memory of the process in bytes, and round trips if counted."""

    seconds: float
    peak_bytes: int
    round_trips: int = 0


@dataclass(slots=True)
class Figures:
    """What each tool took for each phase of the same migrations, with one figure per round.

    `failures` says in a few words why a tool has no figures for a phase.
    """

    rounds: dict[tuple[str, Phase], list[Figure]] = field(default_factory=dict)
    failures: dict[tuple[str, Phase], str] = field(default_factory=dict)

    def add(self, tool: str, phase: Phase, figure: Figure) -> None:
        """Adds the figure of the next round."""
        self.rounds.setdefault((tool, phase), []).append(figure)

    def has(self, tool: str, phase: Phase) -> bool:
        """Whether that was measured in every round."""
        return (tool, phase) in self.rounds and (tool, phase) not in self.failures

    def seconds(self, tool: str, phase: Phase) -> float:
        """The median of the seconds."""
        return statistics.median(f.seconds for f in self.rounds[tool, phase])

    def peak_bytes(self, tool: str, phase: Phase) -> float:
        """The median of the peak memory."""
        return statistics.median(f.peak_bytes for f in self.rounds[tool, phase])

    def round_trips(self, tool: str, phase: Phase) -> float:
        """The median of the round trips."""
        return statistics.median(f.round_trips for f in self.rounds[tool, phase])

    def ratio(self, tool: str, other: str, phase: Phase) -> float:
        """How many times as long as the other tool this one takes: the median of the pairs'
        ratios."""
        return statistics.median(ours / theirs for ours, theirs in self._pairs(tool, other, phase))

    def difference(self, tool: str, other: str, phase: Phase) -> float:
        """How many seconds longer than the other tool this one takes: the median of the pairs'
        differences."""
        return statistics.median(ours - theirs for ours, theirs in self._pairs(tool, other, phase))

    def _pairs(self, tool: str, other: str, phase: Phase) -> Sequence[tuple[float, float]]:
        """The two tools' seconds in the same round."""
        ours, theirs = self.rounds[tool, phase], self.rounds[other, phase]
        return [(a.seconds, b.seconds) for a, b in zip(ours, theirs, strict=True)]
