"""How the tests read what is shown: the text, and the JSON document."""

from __future__ import annotations

import json
from typing import Any

from sqlmig.report.table import Medium
from sqlmig.report.view import View


def told(view: View, medium: Medium = Medium.PIPE) -> str:
    """The text as it is printed."""
    return "\n".join(view.lines(medium))


def parsed(view: View) -> Any:
    """The whole document each time, so that a change is seen; but for its version."""
    found = json.loads(view.document())
    assert found.pop("version") == 1
    return found
