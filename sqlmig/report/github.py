"""Results as annotations of a change on GitHub.

Source: "Workflow commands for GitHub Actions", https://docs.github.com/actions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlmig.model import Finding, Severity
from sqlmig.model.printable import Ready, escaped
from sqlmig.report import changelog
from sqlmig.report.view import View

if TYPE_CHECKING:
    from sqlmig.changelog.linter import Inspection

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def inspection(found: Inspection) -> View:
    """An annotation for each finding, and a line for the log."""
    annotations = (annotation(finding) for finding in found.findings)
    return replace(changelog.inspection(found), text=[*annotations, changelog.inspected(found)])


def annotation(finding: Finding) -> Ready:
    """The line that annotates the place of a finding."""
    position = finding.location.position
    place = f",line={position.line},col={position.column}" if position else ""
    path = _escaped(finding.location.path).replace(":", "%3A").replace(",", "%2C")
    words = _escaped(f"{finding.message}\n{finding.remedy}")
    command = _COMMANDS[finding.severity]
    return Ready(f"::{command} file={path}{place},title={finding.code}::{words}")


def _escaped(words: str) -> str:
    return escaped(words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))
