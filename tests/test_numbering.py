"""The number of the next migration."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.model import migration_number
from sqlmig.project.numbering import next_number

NOW = datetime(2026, 11, 21, 9, 30, 15)  # a date of this machine


@pytest.mark.parametrize(
    ("ids", "number"),
    [
        ([], "001"),
        (["001_a", "002_b"], "003"),
        (["9_a", "10_b"], "11"),
        (["0099_a"], "0100"),
        (["999_a"], "1000"),
        (["2_b", "001_a"], "3"),
        (["20261120_01_a"], "20261121_01"),
        (["20261121_01_a"], "20261121_02"),
        (["20261121_09_a", "20261121_10_a"], "20261121_11"),
        (["20261120_a"], "20261121"),
        (["20261121_a"], "20261121_02"),
        (["20991231_01_a"], "20991231_02"),
        (["20261120093015_a"], "20261121093015"),
        (["20261121093015_a"], "20261121093016"),
        (["202611200930_a"], "202611210930"),
        (["99999999_a"], "100000000"),
        (["005_2_a"], "006"),
    ],
)
def test_it_follows_the_highest_in_its_style(ids: list[str], number: str) -> None:
    assert next_number(ids, NOW) == number


@given(st.lists(st.from_regex(r"\d{1,15}(_\d{1,3})?_[a-z]", fullmatch=True), max_size=5))
def test_it_is_above_all_others(ids: list[str]) -> None:
    number = migration_number(f"{next_number(ids, NOW)}_x")
    assert all(number > migration_number(each) for each in ids)
