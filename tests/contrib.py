"""Tests of a server that was built without PostgreSQL's contrib extensions: `--without-contrib`."""

from __future__ import annotations

import re

import pytest

_OPTION = "--without-contrib"
# The error for an extension whose files are not installed.
_NOT_INSTALLED = re.compile(r'extension "(\w+)" is not available')


def add_option(parser: pytest.Parser) -> None:
    """Adds the option."""
    parser.addoption(
        _OPTION,
        action="store_true",
        help="skip tests that fail because the server lacks the extension that they create",
    )


def skip_without_extension(config: pytest.Config, report: pytest.TestReport) -> None:
    """With the option, turns a failure for a missing extension into a skipped test."""
    missing = _NOT_INSTALLED.search(report.longreprtext)
    if report.failed and missing and config.getoption(_OPTION):
        report.outcome = "skipped"
        report.longrepr = (report.nodeid, 0, f"Skipped: the server has no {missing[1]}")
