"""The extent of the tests: a short form for every change, and a long one, `make torture`."""

from __future__ import annotations

import os

import pytest


def add_option(parser: pytest.Parser) -> None:
    """Adds the option for the long form."""
    parser.addoption("--torture", action="store_true", help="run the long form of the tests")


def is_torture(config: pytest.Config) -> bool:
    """Whether the long form was requested."""
    return bool(config.getoption("--torture"))


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skips tests marked `long_form` in the short form."""
    if is_torture(config):
        return
    left_out = [item for item in items if item.get_closest_marker("long_form")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("long_form")]


def examples(short: int) -> int:
    """The number of examples of a property test; SQLMIG_TEST_EXAMPLES sets it for the long form."""
    return int(os.environ.get("SQLMIG_TEST_EXAMPLES", short))
