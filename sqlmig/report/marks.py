"""Reports of scripts, and of migrations that were marked without being run."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.model import Script
from sqlmig.model.printable import split_lines
from sqlmig.report.view import View


def script(found: Script) -> View:
    """A script, with its path."""
    members = {"path": found.path, "checksum": found.checksum, "sql": found.text}
    return View(split_lines(found.text.removesuffix("\n")), members)


def marked(migration_ids: Sequence[str]) -> View:
    """Which migrations are now recorded as applied."""
    lines = [f"marked as applied  {migration_id}" for migration_id in migration_ids]
    return View(
        lines or ["Nothing to mark: it is already applied."],
        {"marked": [*migration_ids], "unmarked": []},
    )


def unmarked(migration_ids: Sequence[str]) -> View:
    """Which migrations are now recorded as not applied."""
    lines = [f"marked as not applied  {migration_id}" for migration_id in migration_ids]
    return View(
        lines or ["Nothing to unmark: it is not applied."],
        {"marked": [], "unmarked": [*migration_ids]},
    )
