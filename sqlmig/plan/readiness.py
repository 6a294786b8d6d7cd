"""Whether a schema is the one that the files describe, for code that is about to use it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.errors import SchemaNotCurrentError
from sqlmig.model import MigrationState, MigrationStatus

# A database ahead of the code is ready: old code sees one while a deployment rolls out.
_UNREADY = (MigrationState.PENDING, MigrationState.CHANGED, MigrationState.PARTIAL)
_NAMED = 5


def refuse_unready(statuses: Sequence[MigrationStatus], message: str, consequence: str) -> None:
    """Raises SchemaNotCurrentError if a migration is pending, changed or partly applied; the
    message is followed by the first few of them."""
    unready = [item for item in statuses if item.state in _UNREADY or _is_half_done(item)]
    if unready:
        listed = ", ".join(f"{item.migration_id} is {_state_of(item)}" for item in unready[:_NAMED])
        more = f" and {len(unready) - _NAMED} more" if len(unready) > _NAMED else ""
        raise SchemaNotCurrentError(
            f"{message}: {listed}{more}",
            statuses=unready,
            remedy=f"{consequence} {_first_step(unready)} (see `sqlmig status`).",
        )


def _is_half_done(status: MigrationStatus) -> bool:
    """Whether it is partly applied, even under a name that its file no longer has."""
    return status.applied is not None and status.applied.is_partial


def _state_of(status: MigrationStatus) -> str:
    state = MigrationState.PARTIAL if _is_half_done(status) else status.state
    return state.value


def _first_step(unready: Sequence[MigrationStatus]) -> str:
    """What to do first: `apply` would stop at a changed file."""
    for status in unready:
        if status.state is MigrationState.CHANGED:
            return f"See `{status.remedy}` first"
    return "Run `sqlmig apply` first"
