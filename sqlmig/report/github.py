"""Results as annotations of a change on GitHub.

Source: "Workflow commands for GitHub Actions", https://docs.github.com/actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmig.model import Finding, Severity

if TYPE_CHECKING:
    from sqlmig.changelog.linter import Inspection

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def inspection(found: Inspection) -> str:
    """A line for each finding; "" where there is none."""
    return "\n".join(_annotation(finding) for finding in found.findings)


def _annotation(finding: Finding) -> str:
    position = finding.location.position
    place = f",line={position.line},col={position.column}" if position else ""
    path = _escaped(finding.location.path).replace(":", "%3A").replace(",", "%2C")
    text = _escaped(f"{finding.message}\n{finding.remedy}")
    return f"::{_COMMANDS[finding.severity]} file={path}{place},title={finding.code}::{text}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
