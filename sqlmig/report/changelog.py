"""Reports of the changelog linter, and its reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlmig.model import Finding, Severity
from sqlmig.model.printable import split_lines
from sqlmig.report.figures import counted
from sqlmig.report.view import Members, View, place

if TYPE_CHECKING:
    from sqlmig.changelog.linter import Inspection
    from sqlmig.project.entries import Entry


def inspection(found: Inspection) -> View:
    """Every finding of a changelog check with its remedy, and the count."""
    findings = [line for each in found.findings for line in (str(each), f"  {each.remedy}")]
    return View(
        [*findings, inspected(found)],
        {
            "state": found.state,
            "baseline": {"commit": found.baseline.commit, "revision": found.baseline.revision},
            "migrations": found.migrations,
            "ignored": [*found.ignored],
            "findings": [_finding(finding) for finding in found.findings],
        },
    )


def entered(entries: Sequence[Entry]) -> View:
    """The new lines of the changelog."""
    lines = [f"added  {entry.location}: {entry.bullet}" for entry in entries]
    return View(
        lines or ["Nothing to add: every migration has an entry."],
        {
            "entries": [
                {
                    "id": entry.migration_id,
                    "bullet": entry.bullet,
                    "location": place(entry.location),
                }
                for entry in entries
            ]
        },
    )


def page(markdown: str) -> View:
    """A page of the documentation."""
    return View(split_lines(markdown.removesuffix("\n")), {"markdown": markdown})


def inspected(found: Inspection) -> str:
    """What was checked, what it was compared with, and how many findings of each severity there
    are."""
    migrations = counted(found.migrations, "migration")
    looked_at = f"{migrations} in {found.state}, compared with {found.baseline}"
    if found.ignored:
        looked_at += f", without {', '.join(found.ignored)} (changelog_ignore)"
    counts = Counter(finding.severity for finding in found.findings)
    if counts:
        told = (counted(counts[each], each.value) for each in Severity if counts[each])
        return f"{looked_at}: {', '.join(told)}."
    if not found.migrations:
        return f"{looked_at}. Check files that git does not have yet with --worktree."
    return f"{looked_at}: {found.changelog} has an entry for each."


def _finding(finding: Finding) -> Members:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "remedy": finding.remedy,
        "location": place(finding.location),
    }
