"""A plan: what a run will do, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from sqlmig.errors import PlanError
from sqlmig.model import Direction, Directives, Script, SeedFile
from sqlmig.plan.resume import FROM_THE_START, Resumption
from sqlmig.source.script import PreparedScript


class Transactions(Enum):
    """Whether each migration commits by itself, or all of a plan together."""

    EACH = "each"
    TOGETHER = "together"


class RowLoss(Enum):
    """Whether a rollback may lose rows of a table: only with consent, or always."""

    ASK = "ask"
    ACCEPT = "accept"


class PlannedScript(Protocol):
    """A script of a migration or a seed that is ready to run; `name` is for display."""

    @property
    def name(self) -> str: ...
    @property
    def prepared(self) -> PreparedScript: ...
    @property
    def directives(self) -> Directives: ...


@dataclass(frozen=True, slots=True)
class PlannedSeed:
    """One seed as it will run."""

    seed: SeedFile
    prepared: PreparedScript

    @property
    def name(self) -> str:
        """Its tier and stem."""
        return self.seed.name

    @property
    def directives(self) -> Directives:
        """What its head declares."""
        return self.seed.file.directives


@dataclass(frozen=True, slots=True)
class PlannedMigration:
    """One migration as it will run.

    `rollback` is the text that an apply records with it; `resumption` is where a non-transactional
    or repeated migration that stopped partway continues; `was_partial` says that the migration to
    roll back was only partly applied.
    """

    migration_id: str
    direction: Direction
    prepared: PreparedScript
    directives: Directives
    description: str = ""
    rollback: Script | None = None
    resumption: Resumption = FROM_THE_START
    was_partial: bool = False

    @property
    def name(self) -> str:
        """Its id."""
        return self.migration_id


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do, in order, and what the user should know.

    The migrations in `consented` may lose rows whatever `row_loss` says; `again` is the command
    that does the rest of the plan if it ends early.
    """

    direction: Direction
    migrations: tuple[PlannedMigration, ...] = ()
    warnings: tuple[str, ...] = ()
    transactions: Transactions = Transactions.EACH
    row_loss: RowLoss = RowLoss.ACCEPT
    consented: frozenset[str] = frozenset()
    again: str = "sqlmig apply"


def notes(planned: Iterable[PlannedMigration]) -> tuple[str, ...]:
    return tuple(note for migration in planned for note in migration.prepared.notes)


def refuse_non_transactional(planned: Sequence[PlannedMigration]) -> None:
    """Raises PlanError for a migration that is declared to run outside a transaction, or in
    several."""
    outside = [m for m in planned if not m.directives.is_atomic]
    if outside:
        is_repeated = outside[0].directives.until_no_rows
        mode = "repeat: until no rows" if is_repeated else "transactional: false"
        raise PlanError(
            "cannot run in one transaction with others: "
            f"{', '.join(m.migration_id for m in outside)} is declared `{mode}`",
            remedy="Run without --atomic, or up to the migration before it first.",
        )
