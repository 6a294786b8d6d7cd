"""What a rollback would do: which migrations it undoes, and with which text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from sqlmig.errors import IrreversibleMigrationError, PlanError
from sqlmig.model import (
    Applied,
    AppliedMigration,
    Direction,
    MigrationFile,
    Migrations,
    MigrationState,
    Script,
)
from sqlmig.model.suggestions import as_words
from sqlmig.plan.changed import change_of
from sqlmig.plan.model import (
    Plan,
    PlannedMigration,
    Transactions,
    notes,
    refuse_non_transactional,
)
from sqlmig.plan.references import resolve
from sqlmig.source.directives import FileKind
from sqlmig.source.head import read_head
from sqlmig.source.script import prepare


class RollbackText(Enum):
    """Which text a rollback runs if the file differs from the recorded one."""

    FILE = "file"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Since:
    """The migration that the reference names, and all applied after it."""

    reference: str


@dataclass(frozen=True, slots=True)
class Alone:
    """Only the migration that the reference names."""

    reference: str


@dataclass(frozen=True, slots=True)
class Newest:
    """The last `steps` migrations that were applied."""

    steps: int


@dataclass(frozen=True, slots=True)
class Exactly:
    """The migrations with those ids, in that order: the rest of a rollback that needed consent."""

    migration_ids: tuple[str, ...]


Selection = Since | Alone | Newest | Exactly


def select(
    files: Migrations, history: Applied, selection: Selection, unusable: Collection[str] = ()
) -> list[str]:
    """The ids to roll back, newest first; [] if what is selected is not applied.

    `unusable` are the ids of other files, which can be named too. A partly applied migration counts
    as the newest. Raises UnknownTargetError for the reference, and PlanError for a single migration
    that an applied one depends on, or for more steps than there are.
    """
    ids = [row.migration_id for row in reversed(history)]
    if isinstance(selection, Exactly):
        return _still_applied(selection, ids)
    if isinstance(selection, Newest):
        if selection.steps < 1:
            raise PlanError(
                f"{selection.steps} steps cannot be rolled back", remedy="Give 1 or more."
            )
        if ids and selection.steps > len(ids):
            raise PlanError(
                f"{selection.steps} steps cannot be rolled back: {len(ids)} applied",
                remedy=f"To roll back everything: sqlmig rollback --steps {len(ids)}.",
            )
        return ids[: selection.steps]
    known = [*ids, *(file.migration_id for file in files), *unusable]
    target = resolve(selection.reference, known)
    if target not in ids:
        return []
    if isinstance(selection, Since):
        return ids[: ids.index(target) + 1]
    _refuse_dependents(files, history, target)
    return [target]


def _still_applied(selection: Exactly, ids: Sequence[str]) -> list[str]:
    gone = [name for name in selection.migration_ids if name not in ids]
    if gone:
        raise PlanError(
            f"no longer applied: {', '.join(gone)}",
            remedy="Another runner was active; see `sqlmig status`.",
        )
    return list(selection.migration_ids)


def _refuse_dependents(files: Migrations, history: Applied, target: str) -> None:
    depends = _declared_dependencies(files, history)
    dependents = [r.migration_id for r in history if target in depends.get(r.migration_id, ())]
    if dependents:
        raise PlanError(
            f"{target} cannot be rolled back alone: applied migrations depend on it: "
            f"{', '.join(dependents)}",
            remedy=f"Roll back everything from it on: sqlmig rollback {as_words(target)}.",
        )


def plan_rollback(
    files: Migrations,
    history: Applied,
    selection: Selection,
    text: RollbackText | None = None,
    transactions: Transactions = Transactions.EACH,
    unusable: Collection[str] = (),
) -> Plan:
    """The rollback of the selected migrations, newest first.

    `history` must have the recorded texts; `unusable` is as for `select`. The script is the file's,
    or the recorded one if the file is gone. Raises what `select` raises, IrreversibleMigrationError
    if there is no script, and PlanError if file and record differ and `text` does not say which to
    use, or if a migration cannot run in a transaction with the others.
    """
    ids = select(files, history, selection, unusable)
    by_id = {file.migration_id: file for file in files}
    rows = {row.migration_id: row for row in history}
    is_together = transactions is Transactions.TOGETHER
    again = _again(selection, ids) + (" --atomic" if is_together else "")
    planned = tuple(_planned(rows[name], by_id.get(name), text, again) for name in ids)
    partial = _partial(rows[name] for name in ids)
    warnings = (*_left_applied(ids, history), *partial, *notes(planned))
    if is_together:
        refuse_non_transactional(planned)
    return Plan(Direction.ROLLBACK, planned, warnings, transactions, again=again)


def _again(selection: Selection, ids: Sequence[str]) -> str:
    last = as_words(ids[-1]) if ids else ""
    is_alone = isinstance(selection, Alone | Exactly) and len(ids) == 1
    return f"sqlmig rollback {'--only ' if is_alone else ''}{last}"


def _left_applied(ids: Sequence[str], history: Applied) -> Iterable[str]:
    """What was applied after the oldest of those that are rolled back, and is not rolled back."""
    order = [row.migration_id for row in history]
    later = [name for name in order[order.index(ids[-1]) :] if name not in ids] if ids else []
    if later:
        were, stay = ("were", "stay") if len(later) > 1 else ("was", "stays")
        yield f"{', '.join(later)} {were} applied after {ids[-1]} and {stay} applied"


def _partial(rows: Iterable[AppliedMigration]) -> Iterable[str]:
    for row in rows:
        if row.is_partial:
            yield (
                f"{row.migration_id} is only partly applied ({row.progress}); its whole rollback "
                "script runs"
            )


def _planned(
    row: AppliedMigration, file: MigrationFile | None, text: RollbackText | None, again: str
) -> PlannedMigration:
    script = _rollback_script(row, file, text, again)
    directives, _ = read_head(script.path, script.text, FileKind.ROLLBACK)
    return PlannedMigration(
        row.migration_id,
        Direction.ROLLBACK,
        prepare(script, directives),
        directives,
        file.file.description if file else "",
        was_partial=row.is_partial,
    )


def _rollback_script(
    row: AppliedMigration, file: MigrationFile | None, text: RollbackText | None, again: str
) -> Script:
    on_disk = file.rollback.script if file and file.rollback else None
    recorded = None
    if row.rollback_sql is not None:
        recorded = Script.recorded("rollback", row.migration_id, row.rollback_sql)
    if text is RollbackText.RECORDED or file is None:
        chosen = recorded
    elif text is RollbackText.FILE or on_disk is None or recorded is None:
        chosen = on_disk
    elif change_of(recorded.text, on_disk.text) is MigrationState.CHANGED:
        raise PlanError(
            f"{on_disk.path} differs from the rollback that was recorded with "
            f"{row.migration_id}: sqlmig diff {as_words(row.migration_id)}",
            remedy="Choose one: --use file or --use recorded.",
        )
    else:
        chosen = on_disk
    if chosen is None:
        raise _irreversible(row, file, text, again)
    return chosen


def _irreversible(
    row: AppliedMigration, file: MigrationFile | None, text: RollbackText | None, again: str
) -> IrreversibleMigrationError:
    if file is None:
        reason = "its file is gone and no rollback was recorded"
        remedy = "Restore its files, or undo it manually."
    elif text is RollbackText.RECORDED:
        reason, remedy = "no rollback was recorded", "Use the file: --use file."
    else:
        reason = file.file.directives.irreversible or "it has no rollback"
        remedy = (
            "Write a new migration that undoes it, or replace the reason with a rollback file."
            if row.rollback_sql is None
            else "Write a new migration that undoes it, or run the rollback that was recorded when "
            f"it was applied: {again} --use recorded."
        )
    return IrreversibleMigrationError(
        f"{row.migration_id} cannot be rolled back: {reason}",
        migration_id=row.migration_id,
        remedy=remedy,
    )


def _declared_dependencies(files: Migrations, history: Applied) -> Mapping[str, tuple[str, ...]]:
    """What each migration depends on, according to its file, or else its recorded text."""
    depends = {}
    for row in history:
        if row.apply_sql is not None:
            directives, _ = read_head(row.migration_id, row.apply_sql, FileKind.MIGRATION)
            depends[row.migration_id] = directives.depends
    return depends | {file.migration_id: file.file.directives.depends for file in files}
