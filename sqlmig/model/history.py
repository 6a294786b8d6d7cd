"""What is applied, and how files and history compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlmig.model.printable import counted


class MigrationState(Enum):
    """The state of one migration, from its files and the history."""

    PENDING = "pending"
    APPLIED = "applied"
    CHANGED = "changed"
    REFORMATTED = "reformatted"
    RENAMED = "renamed"
    MISSING = "missing"
    PARTIAL = "partial"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """One row of the history.

    `checksum` and the texts are None if only yoyo applied it; the texts also if they were not
    requested or not kept. `statements_done`, `statements_begun` and `statements_total` are None
    once complete; if one more is begun than done, the runner stopped during it. `rows_done` are the
    rows that a repeated migration has written so far, None once complete and for other migrations;
    beyond `most_rows` it is assumed never to end, None if that is not known.
    """

    migration_id: str
    applied_at: datetime | None = None
    applied_by: str | None = None
    duration_ms: int | None = None
    checksum: str | None = None
    apply_sql: str | None = None
    rollback_sql: str | None = None
    rollback_checksum: str | None = None
    statements_done: int | None = None
    statements_begun: int | None = None
    statements_total: int | None = None
    rows_done: int | None = None
    most_rows: int | None = None

    @property
    def is_partial(self) -> bool:
        """Whether only some of its statements are done."""
        return self.statements_done is not None

    @property
    def doubtful_statement(self) -> int | None:
        """The number, from 1, of the statement that was started and may have completed, or None."""
        if self.rows_done is not None:
            return None
        begun = self.statements_begun or 0
        return begun if begun > (self.statements_done or 0) else None

    @property
    def progress(self) -> str:
        """How far a partly applied migration has come."""
        if self.rows_done is not None:
            return f"{counted(self.rows_done, 'row')} so far"
        return f"{self.statements_done} of {self.statements_total} statements"


Applied = Sequence[AppliedMigration]


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """The status of one migration; `remedy` is "" if nothing needs to be done. `command` restores a
    missing file, if the history has its text.

    `rollback_changed` says that its rollback file differs from the recorded one, `irreversible`
    that its file declares that it has none, `is_gone` that it has no file. `migration_id` of a
    renamed migration is its file's; `applied` has the recorded id. `unrecorded` says that another
    tool has applied it, if sqlmig has recorded none.
    """

    migration_id: str
    state: MigrationState
    description: str = ""
    out_of_order: bool = False
    applied: AppliedMigration | None = None
    remedy: str = ""
    command: str = ""
    rollback_changed: bool = False
    irreversible: bool = False
    is_gone: bool = False
    unrecorded: str = ""

    @property
    def needs_attention(self) -> bool:
        """Whether `status --check` reports it: pending, or not what was applied."""
        is_settled = self.state in (MigrationState.APPLIED, MigrationState.REFORMATTED)
        return self.rollback_changed or not is_settled
