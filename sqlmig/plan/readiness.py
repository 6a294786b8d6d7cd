"""Whether a schema is the one that the files describe: for code that is about to use it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.errors import SchemaNotCurrentError
from sqlmig.model import MigrationState, MigrationStatus

# A database ahead of the code is not among them: while a deployment rolls out, old code sees one.
_UNREADY = (MigrationState.PENDING, MigrationState.CHANGED, MigrationState.PARTIAL)
_NAMED = 5


def refuse_unready(statuses: Sequence[MigrationStatus], message: str, consequence: str) -> None:
    """Raises SchemaNotCurrentError, with the first few named after the message, where a migration
    is pending, changed or partly applied."""
    unready = [status for status in statuses if status.state in _UNREADY]
    if unready:
        told = ", ".join(f"{item.migration_id} is {item.state.value}" for item in unready[:_NAMED])
        more = f" and {len(unready) - _NAMED} more" if len(unready) > _NAMED else ""
        raise SchemaNotCurrentError(
            f"{message}: {told}{more}",
            statuses=unready,
            remedy=f"{consequence} {_way_on(unready)} (see `sqlmig status`).",
        )


def _way_on(unready: Sequence[MigrationStatus]) -> str:
    """What comes first: `apply` would stop at a changed file."""
    for status in unready:
        if status.state is MigrationState.CHANGED:
            return f"See `{status.remedy}` first"
    return "Run `sqlmig apply` first"
