"""What migrations do to a live database, as it is reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmig.impact.changes import UNCHANGED, Changes
from sqlmig.impact.locks import Blocks, Lock
from sqlmig.impact.sizes import Size
from sqlmig.impact.transaction import Work
from sqlmig.model import Direction, Location
from sqlmig.source.script import PreparedScript


@dataclass(frozen=True, slots=True)
class Effect:
    """What a statement means for the users of one table: the strongest lock that its transaction
    holds on it, whom that lock blocks, and the work on that table.

    `is_finding` says that the lock blocks someone while large work runs, on this table or another;
    `is_large`, that this work is on a large table; `accepted` is the reason given with `-- holds`.
    `locks_rows` says that all its rows may be locked until COMMIT; `is_emptied`, that it is
    truncated. `kind` is the table's relkind; `changes` are those of its definition. `lost` is what
    is deleted that has data: ROWS, columns, or the table itself.
    """

    table: str
    lock: Lock
    blocks: Blocks
    work: Work
    size: Size
    is_finding: bool = False
    is_large: bool = False
    accepted: str | None = None
    locks_rows: bool = False
    is_emptied: bool = False
    kind: str = "r"
    changes: Changes = UNCHANGED
    lost: tuple[str, ...] = ()

    @property
    def is_harmful(self) -> bool:
        """Whether users of the table may wait for long, and nobody has accepted that."""
        return self.is_finding and self.is_large and self.accepted is None


@dataclass(frozen=True, slots=True)
class StatementImpact:
    """The effects of one statement of a script; `number` and `line` count from 1."""

    script: PreparedScript
    number: int
    line: int
    effects: tuple[Effect, ...] = ()

    @property
    def text(self) -> str:
        """The statement, without its semicolon."""
        return self.script.statement_text(self.number - 1)

    @property
    def word(self) -> str:
        """Its first one, in lower case."""
        return self.script.statements[self.number - 1].word

    @property
    def location(self) -> Location:
        """The place of the statement's first character."""
        return self.script.statement_location(self.number - 1)


@dataclass(frozen=True, slots=True)
class MigrationImpact:
    """The statements of a migration or of its rollback; none if it has no rollback."""

    migration_id: str
    statements: tuple[StatementImpact, ...] = ()
    direction: Direction = Direction.APPLY


@dataclass(frozen=True, slots=True)
class Impact:
    """What was observed of each migration, in order.

    `large_table` is the size in bytes above which a table counts as large; `baseline` names what
    git has merged, if that decided which migrations count; `has_sizes` says whether there was a
    live database; `warnings` say what was not observed, and which scratch databases are left. The
    sizes of one that `is_embedded` are shown, but do not count: every table is large.
    """

    migrations: tuple[MigrationImpact, ...]
    large_table: int
    baseline: str = ""
    has_sizes: bool = False
    warnings: tuple[str, ...] = ()
    is_embedded: bool = False

    @property
    def is_harmful(self) -> bool:
        """Whether any effect is harmful."""
        return any(effect.is_harmful for effect in self.effects())

    def effects(self) -> Iterator[Effect]:
        """The effects of all migrations."""
        for migration in self.migrations:
            for statement in migration.statements:
                yield from statement.effects
