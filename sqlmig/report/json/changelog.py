"""What the linter of the changelog found, and its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmig.report.json.document import document, finding_members

if TYPE_CHECKING:
    from sqlmig.changelog.linter import Inspection


def inspection(found: Inspection) -> str:
    """What a check of the changelog found."""
    return document(
        state=found.state,
        baseline={"commit": found.baseline.commit, "revision": found.baseline.revision},
        migrations=found.migrations,
        findings=[finding_members(finding) for finding in found.findings],
    )


def page(markdown: str) -> str:
    """A page of the documentation."""
    return document(markdown=markdown)
