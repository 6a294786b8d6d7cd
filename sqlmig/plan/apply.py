"""What an apply would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum

from sqlmig.errors import (
    ChecksumMismatchError,
    MissingMigrationError,
    OutOfOrderError,
    PartialMigrationError,
    RenamedMigrationError,
)
from sqlmig.model import (
    Applied,
    AppliedMigration,
    Direction,
    Directives,
    MigrationFile,
    Migrations,
    MigrationState,
    MigrationStatus,
    Script,
    migration_order,
)
from sqlmig.model.suggestions import as_words
from sqlmig.plan.model import Plan, PlannedMigration, Transactions, notes, refuse_non_transactional
from sqlmig.plan.ownership import is_confirmed
from sqlmig.plan.references import resolve
from sqlmig.plan.resume import FROM_THE_START, Decision, resumption
from sqlmig.plan.status import statuses
from sqlmig.source.script import PreparedScript, prepare

Ready = Callable[[Script, Directives], PreparedScript]

_OPEN = (MigrationState.PENDING, MigrationState.PARTIAL)


class OutOfOrder(Enum):
    """What to do with a pending migration that sorts before an applied one."""

    REFUSE = "refuse"
    ALLOW = "allow"


def plan_apply(
    files: Migrations,
    history: Applied,
    *,
    target: str | None = None,
    out_of_order: OutOfOrder = OutOfOrder.REFUSE,
    transactions: Transactions = Transactions.EACH,
    decision: Decision | None = None,
    ready: Ready = prepare,
) -> Plan:
    """The pending migrations up to and including the target, or all of them; a partly applied one
    is resumed where it stopped. `ready` prepares each script.

    Raises ChecksumMismatchError, MissingMigrationError, PartialMigrationError,
    RenamedMigrationError or OutOfOrderError if files and history contradict each other;
    UnknownTargetError for the target; PlanError for a non-transactional migration in one
    transaction with others; and SourceError for a pending script that cannot run.
    """
    standing = statuses(files, history)
    _refuse_contradictions(standing, files)
    open_ids = {s.migration_id for s in standing if s.state in _OPEN}
    wanted = [file for file in _up_to(files, target) if file.migration_id in open_ids]
    if out_of_order is OutOfOrder.REFUSE:
        _refuse_out_of_order(standing, wanted)
    rows = {row.migration_id: row for row in history}
    planned = tuple(_planned(file, rows.get(file.migration_id), decision, ready) for file in wanted)
    if transactions is Transactions.TOGETHER:
        refuse_non_transactional(planned)
    return Plan(Direction.APPLY, planned, _warnings(standing, files, planned), transactions)


def _refuse_out_of_order(
    standing: Sequence[MigrationStatus], wanted: Sequence[MigrationFile]
) -> None:
    wanted_ids = {file.migration_id for file in wanted}
    late = [s.migration_id for s in standing if s.out_of_order and s.migration_id in wanted_ids]
    if late:
        raise OutOfOrderError(
            f"pending, but later migrations are already applied: {', '.join(late)}",
            migration_ids=late,
            remedy="Give it the next free number (sqlmig renumber), or run it as it is: "
            "--allow-out-of-order.",
        )


def _refuse_renamed(standing: Sequence[MigrationStatus]) -> None:
    renamed = [s for s in standing if s.state is MigrationState.RENAMED and s.applied]
    if renamed:
        pairs = (f"{s.applied.migration_id} is now {s.migration_id}" for s in renamed if s.applied)
        names = as_words(*(s.migration_id for s in renamed))
        raise RenamedMigrationError(
            f"renamed since it was applied: {', '.join(pairs)}",
            migration_ids=[s.migration_id for s in renamed],
            remedy=f"Restore the old name, or record the new one: sqlmig repair {names}.",
        )


def _refuse_contradictions(standing: Sequence[MigrationStatus], files: Migrations) -> None:
    _refuse_renamed(standing)
    changed = _ids(standing, MigrationState.CHANGED)
    if changed:
        first = as_words(changed[0])
        another = (
            ""
            if is_confirmed(standing)
            else " If this is the history of another project, set `history_schema` instead."
        )
        raise ChecksumMismatchError(
            f"changed since it was applied: {', '.join(changed)}",
            migration_ids=changed,
            remedy=f"See what changed: sqlmig diff {first}. Undo the change, or accept the "
            f"file as it is now: sqlmig repair {first}.{another}",
        )
    lost = {status.migration_id for status in standing} - {file.migration_id for file in files}
    half = [name for name in _ids(standing, MigrationState.PARTIAL) if name in lost]
    if half:
        raise PartialMigrationError(
            f"partly applied, but its file is gone: {', '.join(half)}",
            migration_ids=half,
            remedy=_remedy(standing, half[0]),
        )
    last = max((file.order for file in files), default=((), ""))
    gone = [name for name in _ids(standing, MigrationState.MISSING) if migration_order(name) < last]
    if gone:
        raise MissingMigrationError(
            f"applied, but its file is gone: {', '.join(gone)}",
            migration_ids=gone,
            remedy=_remedy(standing, gone[0]),
        )


def _remedy(standing: Iterable[MigrationStatus], migration_id: str) -> str:
    """The remedy of its status, as a sentence."""
    remedy = next(s.remedy for s in standing if s.migration_id == migration_id)
    return f"{remedy[:1].upper()}{remedy[1:]}."


def _ids(standing: Iterable[MigrationStatus], state: MigrationState) -> list[str]:
    return [status.migration_id for status in standing if status.state is state]


def _up_to(files: Migrations, target: str | None) -> Migrations:
    if target is None:
        return files
    ids = [file.migration_id for file in files]
    return files[: ids.index(resolve(target, ids)) + 1]


def _planned(
    file: MigrationFile, row: AppliedMigration | None, decision: Decision | None, ready: Ready
) -> PlannedMigration:
    prepared = ready(file.file.script, file.file.directives)
    if file.rollback:
        ready(file.rollback.script, file.rollback.directives)  # refuses it now, not when needed
    return PlannedMigration(
        file.migration_id,
        Direction.APPLY,
        prepared,
        file.file.directives,
        file.file.description,
        file.rollback.script if file.rollback else None,
        resumption=resumption(file, prepared, row, decision) if row else FROM_THE_START,
    )


def _warnings(
    standing: Sequence[MigrationStatus], files: Migrations, planned: Sequence[PlannedMigration]
) -> tuple[str, ...]:
    ahead = _ids(standing, MigrationState.MISSING)
    if not ahead:
        return notes(planned)
    newest_file = files[-1].migration_id
    text = f"the database is ahead of these files, which end at {newest_file}: {', '.join(ahead)}"
    return (text, *notes(planned))
