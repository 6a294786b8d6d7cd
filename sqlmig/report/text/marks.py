"""What was said of migrations without running them."""

from __future__ import annotations

from collections.abc import Sequence


def marked(migration_ids: Sequence[str]) -> list[str]:
    """Which migrations count as applied now."""
    lines = [f"marked as applied  {migration_id}" for migration_id in migration_ids]
    return lines or ["Nothing to mark: that is applied already."]


def unmarked(migration_ids: Sequence[str]) -> list[str]:
    """Which migrations count as not applied now."""
    lines = [f"marked as not applied  {migration_id}" for migration_id in migration_ids]
    return lines or ["Nothing to unmark: that is not applied."]
