"""Reads what is shown as the tests need it: the text, and the JSON document."""

from __future__ import annotations

import json
from typing import Any

from sqlmig.report.table import Medium
from sqlmig.report.view import View


def told(view: View, medium: Medium = Medium.PIPE) -> str:
    """The printed text."""
    return "\n".join(view.lines(medium))


def parsed(view: View) -> Any:
    """The whole document without its version, so that a test notices every change."""
    found = json.loads(view.document())
    assert found.pop("version") == 1
    return found
