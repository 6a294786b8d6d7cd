"""Makes plans from the files and the history, and makes them again when the history changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypedDict

from sqlmig.config import Config
from sqlmig.engine.history.reading import History
from sqlmig.errors import PlanError, SourceError
from sqlmig.model import AppliedMigration, Migrations, MigrationStatus
from sqlmig.plan import Decision, OutOfOrder, Plan, Transactions, plan_apply, resolve, statuses
from sqlmig.plan.apply import Ready
from sqlmig.plan.ownership import refuse_another
from sqlmig.plan.references import name_in
from sqlmig.plan.renames import Renames, as_recorded, find_renames
from sqlmig.plan.status import with_unusable
from sqlmig.source.files import UsableFiles
from sqlmig.source.script import prepare

if TYPE_CHECKING:
    from sqlmig.operations.unrecorded import Unrecorded

Planner = Callable[[History], Plan]

_NONE: Mapping[str, SourceError] = MappingProxyType({})


def own_rows(
    files: Migrations, history: History, unusable: Mapping[str, SourceError] = _NONE
) -> list[AppliedMigration]:
    """The history of these files, with the texts of migrations that differ from them; `unusable`
    files are among them too. Raises AnotherHistoryError."""
    return _compared(files, history, unusable)[0]


def own_statuses(files: UsableFiles, history: History) -> list[MigrationStatus]:
    """The state of every migration in the history or on disk, including files that cannot be used.
    Raises AnotherHistoryError."""
    return _compared(files.migrations, history, files.unusable)[1]


def _compared(
    files: Migrations, history: History, unusable: Mapping[str, SourceError]
) -> tuple[list[AppliedMigration], list[MigrationStatus]]:
    """The rows of the history and the states, once the history is known to be the project's."""
    rows = rows_to_compare(files, history)
    found = with_unusable(statuses(files, rows, unusable), unusable, rows)
    refuse_another(found, history.schema)
    return rows, found


def with_unrecorded(
    found: list[MigrationStatus], files: Migrations, history: History, config: Config
) -> list[MigrationStatus]:
    """The same, where sqlmig has recorded none, with what another tool has applied of them."""
    if any(status.applied for status in found):
        return found
    unrecorded = _unrecorded(files, history, config)
    if unrecorded is None:
        return found
    return [
        replace(status, unrecorded=unrecorded.told, remedy=unrecorded.command)
        if status.migration_id in unrecorded.migration_ids
        else status
        for status in found
    ]


def _unrecorded(files: Migrations, history: History, config: Config) -> Unrecorded | None:
    """What another tool has applied; asked only where a file was imported. None is recorded."""
    from sqlmig.adoption.writing import VERSION

    if not any(VERSION in file.file.script.text for file in files):
        return None
    from sqlmig.operations.unrecorded import find_unrecorded

    return find_unrecorded(files, history, has_own_schema=config.history_schema is not None)


def rows_to_compare(files: Migrations, history: History) -> list[AppliedMigration]:
    """The history, with the texts of migrations that differ from the files."""
    on_disk = {file.migration_id: file.file.script.checksum for file in files}
    rows = history.read()
    differing = [
        row.migration_id
        for row in rows
        if row.checksum is not None and row.checksum != on_disk.get(row.migration_id)
    ]
    return history.with_texts(rows, differing)


def rows_with_texts(history: History) -> list[AppliedMigration]:
    """The history with all recorded texts."""
    rows = history.read()
    return history.with_texts(rows, [row.migration_id for row in rows])


def find_named(
    files: Migrations, history: History, reference: str
) -> tuple[str, Migrations, list[AppliedMigration]]:
    """The id of a migration on disk or in the history, the files under their recorded names, and
    the history with its texts. Raises UnknownTargetError."""
    rows = rows_to_compare(files, history)
    renames = find_renames(files, rows)
    known = as_recorded(files, renames)
    ids = [*(row.migration_id for row in rows), *(file.migration_id for file in known)]
    migration_id = resolve(recorded_name(reference, renames), ids)
    return migration_id, known, history.with_texts(rows, [migration_id])


def recorded_name(reference: str, renames: Renames) -> str:
    """The recorded id if the reference is the new name of a migration; otherwise the reference."""
    names = {file.migration_id: recorded for recorded, file in renames.items()}
    return names.get(name_in(reference), reference)


class ApplyOptions(TypedDict, total=False):
    """The options of an apply besides its target; `out_of_order` defaults to the settings.

    `decision` is the outcome of a statement during which an earlier runner stopped.
    """

    out_of_order: OutOfOrder | None
    transactions: Transactions
    decision: Decision | None


@dataclass(slots=True)
class ApplyPlanner:
    """Plans an apply; returns the same plan while the history is the same. `ready` prepares each
    script to run; `unusable` are files after the target, which the plan leaves alone."""

    config: Config
    files: Migrations
    target: str | None
    options: ApplyOptions
    ready: Ready = prepare
    unusable: Mapping[str, SourceError] = field(default_factory=dict)
    _made: tuple[list[AppliedMigration], Plan] | None = field(default=None, init=False)

    def __call__(self, history: History) -> Plan:
        """The plan. Raises what `plan_apply` raises, and PlanError where another tool has applied
        some of them, and sqlmig has recorded none."""
        rows = own_rows(self.files, history, self.unusable)
        if not rows and (unrecorded := _unrecorded(self.files, history, self.config)):
            raise PlanError(unrecorded.told, remedy=f"Nothing was run. {unrecorded.remedy}")
        setting = OutOfOrder.ALLOW if self.config.allow_out_of_order else OutOfOrder.REFUSE
        if self._made is None or self._made[0] != rows:
            plan = plan_apply(
                self.files,
                rows,
                target=self.target,
                out_of_order=self.options.get("out_of_order") or setting,
                transactions=self.options.get("transactions", Transactions.EACH),
                decision=self.options.get("decision"),
                ready=self.ready,
                unusable=self.unusable,
            )
            self._made = rows, plan
        return self._made[1]
