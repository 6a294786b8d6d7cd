"""Scripts, and migrations that were marked without running them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.model import Script
from sqlmig.model.printable import split_lines
from sqlmig.report.view import View


def script(found: Script) -> View:
    """A script and where it is from."""
    members = {"path": found.path, "checksum": found.checksum, "sql": found.text}
    return View(split_lines(found.text.removesuffix("\n")), members)


def marked(migration_ids: Sequence[str]) -> View:
    """Which migrations count as applied now."""
    lines = [f"marked as applied  {migration_id}" for migration_id in migration_ids]
    return View(
        lines or ["Nothing to mark: it is already applied."],
        {"marked": [*migration_ids], "unmarked": []},
    )


def unmarked(migration_ids: Sequence[str]) -> View:
    """Which migrations count as not applied now."""
    lines = [f"marked as not applied  {migration_id}" for migration_id in migration_ids]
    return View(
        lines or ["Nothing to unmark: it is not applied."],
        {"marked": [], "unmarked": [*migration_ids]},
    )
