"""Whether a history belongs to these files."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.errors import AnotherHistoryError
from sqlmig.model import MigrationState, MigrationStatus

_OURS = (MigrationState.APPLIED, MigrationState.REFORMATTED, MigrationState.PARTIAL)


def is_confirmed(statuses: Sequence[MigrationStatus]) -> bool:
    """Whether an applied migration matches a file, under any name, or nothing is applied."""
    return not any(s.applied for s in statuses) or any(_is_evidence(s) for s in statuses)


def refuse_another(statuses: Sequence[MigrationStatus], schema: str) -> None:
    """Raises AnotherHistoryError if no file matches what is applied. If the files have only
    changed, they may still be this project's own."""
    if is_confirmed(statuses) or not any(s.is_gone for s in statuses):
        return
    strange = [s.applied.migration_id for s in statuses if s.applied]
    count = f"{len(strange)} applied migrations" if len(strange) > 1 else "applied migration"
    named = f"{strange[0]} to {strange[-1]}" if len(strange) > 1 else strange[0]
    raise AnotherHistoryError(
        f"this looks like the history of another project: no file here matches the {count} in the "
        f"schema {schema} ({named})",
        migration_ids=strange,
        remedy="Nothing was changed. For a history of its own, set `history_schema` to the name of "
        "a schema for it. If the history is this project's, restore its files.",
    )


def _is_evidence(status: MigrationStatus) -> bool:
    """Whether a migration shows that history and files belong together. A number alone does not:
    most projects have a migration 001."""
    row = status.applied
    if row is None:
        return False
    if status.state is MigrationState.RENAMED:
        return row.checksum is not None
    if status.state is MigrationState.UNUSABLE:
        return True
    return status.state in _OURS and not status.is_gone
