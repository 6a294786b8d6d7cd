"""What every JSON document has: its version, and how places and findings look in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlmig.model import CheckResult, Finding, Location, Notice
from sqlmig.model.printable import json_escaped

VERSION = 1


def document(**members: Any) -> str:
    return json_escaped(json.dumps({"version": VERSION, **members}, indent=2, ensure_ascii=False))


def finding_members(finding: Finding) -> Mapping[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "remedy": finding.remedy,
        "location": place(finding.location),
    }


def place(location: Location | None) -> Mapping[str, Any] | None:
    if location is None:
        return None
    position = location.position
    return {
        "path": location.path,
        "line": position.line if position else None,
        "column": position.column if position else None,
    }


def notice_members(notice: Notice) -> Mapping[str, Any]:
    """What the server said while a script ran."""
    return {
        "script": notice.script,
        "severity": notice.severity,
        "sqlstate": notice.message.sqlstate,
        "message": notice.message.primary,
        "detail": notice.message.detail,
        "hint": notice.message.hint,
        "location": place(notice.location),
    }


def check_members(result: CheckResult) -> Mapping[str, Any]:
    """A sanity check, with the first rows that should not be."""
    return {
        "check": result.name,
        "title": result.title,
        "outcome": result.outcome.value,
        "reason": result.reason,
        "location": place(result.location),
        "columns": list(result.violations.columns),
        "rows": [list(row) for row in result.violations.rows],
        "row_count": result.violations.count,
    }
