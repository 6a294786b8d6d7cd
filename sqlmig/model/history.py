"""What is applied, and how files and history compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class MigrationState(Enum):
    """How one migration stands between the files and the history."""

    PENDING = "pending"
    APPLIED = "applied"
    CHANGED = "changed"
    REFORMATTED = "reformatted"
    MISSING = "missing"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """One row of the history.

    `checksum` and the texts are None where yoyo alone applied it, the texts also where they were
    not asked for or not kept. `statements_done`, `statements_begun` and `statements_total` are
    None once complete; where one more is begun than done, its runner died in the middle of it.
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

    @property
    def is_partial(self) -> bool:
        """Only some of its statements are done."""
        return self.statements_done is not None

    @property
    def doubtful_statement(self) -> int | None:
        """The number, from 1, of the statement that was begun and may be done; None without one."""
        begun = self.statements_begun or 0
        return begun if begun > (self.statements_done or 0) else None


Applied = Sequence[AppliedMigration]


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """How one migration stands; `remedy` is "" where nothing needs to be done.

    `rollback_changed` says that its rollback file is not what was recorded with it, `irreversible`
    that its file declares that there is none.
    """

    migration_id: str
    state: MigrationState
    description: str = ""
    out_of_order: bool = False
    applied: AppliedMigration | None = None
    remedy: str = ""
    rollback_changed: bool = False
    irreversible: bool = False

    @property
    def needs_attention(self) -> bool:
        """Whether `status --check` reports it: pending, or not what was applied."""
        is_settled = self.state in (MigrationState.APPLIED, MigrationState.REFORMATTED)
        return self.rollback_changed or not is_settled
