"""Reports of errors and interruptions."""

from __future__ import annotations

from typing import Any

from sqlmig.errors import SanityCheckError, SqlmigError
from sqlmig.model import ServerMessage
from sqlmig.report.checks import check_members, violations
from sqlmig.report.migrations import report_members
from sqlmig.report.view import Members, View, place


def error(problem: SqlmigError) -> View:
    """An error. The text has only the findings of checks, which are printed before the message."""
    members: dict[str, Any] = {"errors": error_members(problem)}
    report = getattr(problem, "report", None)
    if report is not None:
        members["report"] = report_members(report)
    checks = problem.checks if isinstance(problem, SanityCheckError) else ()
    if checks:
        members["checks"] = [check_members(check) for check in checks]
    return View(violations(checks), members)


def error_members(problem: SqlmigError) -> list[Members]:
    """Each of the problems in an error."""
    return [_error(each) for each in getattr(problem, "errors", (problem,))]


def interruption(interrupt: BaseException) -> View:
    """That the command was interrupted, and what it had done."""
    message = str(interrupt) or "Interrupted."
    members: dict[str, Any] = {
        "errors": [
            {
                "error": "RunInterrupted",
                "message": message,
                "remedy": "",
                "location": None,
                "server": None,
            }
        ]
    }
    if (report := getattr(interrupt, "report", None)) is not None:
        members["report"] = report_members(report)
    return View([message], members)


def _error(problem: SqlmigError) -> Members:
    return {
        "error": type(problem).__name__,
        "message": problem.message,
        "remedy": problem.remedy,
        "location": place(getattr(problem, "location", None)),
        "server": _server(getattr(problem, "server", None)),
    }


def _server(message: ServerMessage | None) -> Members | None:
    if message is None:
        return None
    return {name: getattr(message, name) for name in ServerMessage.__slots__}
