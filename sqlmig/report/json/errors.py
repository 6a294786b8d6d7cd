"""Why a command could not do its work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmig.errors import SanityCheckError, SqlmigError
from sqlmig.model import ServerMessage
from sqlmig.report.json.document import check_members, document, place
from sqlmig.report.json.migrations import report_members


def error(problem: SqlmigError) -> str:
    """Why a command could not do its work."""
    errors = getattr(problem, "errors", (problem,))
    members: dict[str, Any] = {"errors": [_error(each) for each in errors]}
    report = getattr(problem, "report", None)
    if report is not None:
        members["report"] = report_members(report)
    if isinstance(problem, SanityCheckError):
        members["checks"] = [check_members(check) for check in problem.checks]
    return document(**members)


def _error(problem: SqlmigError) -> Mapping[str, Any]:
    location = getattr(problem, "location", None)
    return {
        "error": type(problem).__name__,
        "message": problem.message,
        "remedy": problem.remedy,
        "location": place(location),
        "server": _server(getattr(problem, "server", None)),
    }


def _server(message: ServerMessage | None) -> Mapping[str, str] | None:
    if message is None:
        return None
    return {name: getattr(message, name) for name in ServerMessage.__slots__}
