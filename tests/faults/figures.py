"""Counts the faults of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pytest

_PREFIX = "faults: "


@dataclass(frozen=True)
class Figure:
    """Counts faults as properties of the test's report, which xdist's workers send to us."""

    record: Callable[[str, object], None]

    def __call__(self, what: str, number: int = 1) -> None:
        """Adds that many of these."""
        self.record(f"{_PREFIX}{what}", number)


def summary(reports: Iterable[pytest.TestReport], violations: int) -> Iterator[str]:
    """The sums over all tests, one line each."""
    sums: Counter[str] = Counter()
    for report in reports:
        for name, number in report.user_properties:
            if name.startswith(_PREFIX) and isinstance(number, int):
                sums[name.removeprefix(_PREFIX)] += number
    for what in sorted(sums):
        yield f"{sums[what]:6d}  {what}"
    yield f"{violations:6d}  violations"
