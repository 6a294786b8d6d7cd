"""Times and ages in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sqlmig.report.figures import age, duration, rows, size


@pytest.mark.parametrize(
    ("seconds", "shown_as"),
    [(0, "0 ms"), (0.0123, "12 ms"), (1, "1.0 s"), (65.25, "65.2 s"), (150, "2 min")],
)
def test_a_time_is_shown_at_a_readable_precision(seconds: float, shown_as: str) -> None:
    assert duration(seconds) == shown_as


@pytest.mark.parametrize(
    ("since", "shown_as"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=0.9), "just now"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=400), "400 days ago"),
    ],
)
def test_an_age_is_shown_in_its_largest_unit(since: timedelta, shown_as: str) -> None:
    assert age(since) == shown_as


@pytest.mark.parametrize(
    ("count", "shown_as"),
    [
        (0, "0 bytes"),
        (8192, "8 kB"),
        (10 * 1024**2, "10 MB"),
        (41 * 1024**3, "41 GB"),
        (1023 * 1024, "1023 kB"),
        (5 * 1024**5, "5120 TB"),
    ],
)
def test_a_size_is_shown_in_its_largest_unit(count: int, shown_as: str) -> None:
    assert size(count) == shown_as


@pytest.mark.parametrize(
    ("count", "shown_as"),
    [(1, "1 row"), (999_999, "999999 rows"), (210 * 10**6, "210 million rows")],
)
def test_many_rows_are_shown_in_millions(count: int, shown_as: str) -> None:
    assert rows(count) == shown_as
