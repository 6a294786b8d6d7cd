"""What is running is said again while it runs, with its time."""

from __future__ import annotations

import time

import click
import pytest

from sqlmig.cli import main, ticker
from sqlmig.cli.ticker import Ticker
from sqlmig.report.table import Medium


@pytest.mark.parametrize("medium", Medium)
def test_the_words_come_with_a_growing_time_until_it_stops(
    monkeypatch: pytest.MonkeyPatch, medium: Medium
) -> None:
    monkeypatch.setattr(ticker, "_ON_A_TERMINAL", (0.01,))
    monkeypatch.setattr(ticker, "_IN_A_PIPE", (0.01, 0.01))
    told: list[tuple[str, float]] = []
    running = Ticker(lambda words, seconds: told.append((words, seconds)))
    running.start("applying 001_a", medium)
    while len(told) < 3:
        time.sleep(0.01)
    running.words = "building an index"
    while told[-1][0] != "building an index":
        time.sleep(0.01)
    running.stop()
    assert told[0][0] == "applying 001_a"
    assert [seconds for _, seconds in told] == sorted(seconds for _, seconds in told)
    time.sleep(0.05)
    count = len(told)
    time.sleep(0.05)
    assert len(told) == count


@pytest.mark.parametrize(
    ("name", "meant"),
    [("up", "sqlmig apply"), ("down", "sqlmig rollback"), ("help", "sqlmig --help")],
)
def test_the_name_of_another_tool_s_command_gets_a_hint(name: str, meant: str) -> None:
    with pytest.raises(click.UsageError, match=f"Did you mean {meant}"):
        main.main([name], standalone_mode=False)
