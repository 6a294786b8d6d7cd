"""Everything that sqlmig raises deliberately, and the exit code of each.

SqlmigError
├── ConfigError                         2   settings, arguments, a database URL
├── SourceError                         2   a file that cannot be used as it is
│   ├── DirectiveError
│   ├── DuplicateMigrationError
│   ├── UnknownDependencyError
│   ├── DependencyCycleError
│   ├── OrphanRollbackError
│   ├── MissingRollbackError
│   ├── BeyondDatabaseError                       changes other databases while proven
│   ├── FixtureError                              a document for MongoDB
│   └── UnusableFilesError                        several of them, found in one reading
├── PlanError                           2   files and history do not fit what was asked
│   ├── UnknownTargetError
│   ├── IrreversibleMigrationError
│   ├── OutOfOrderError
│   ├── ChecksumMismatchError
│   ├── MissingMigrationError
│   ├── RenamedMigrationError
│   ├── AnotherHistoryError                       the history of another project
│   ├── PartialMigrationError
│   ├── SchemaNotCurrentError
│   └── EnvironmentMismatchError
├── ChangelogError                      2   the changelog could not be checked or written
├── SanityCheckError                    1   a check after a batch found something
├── NotAgreedError                      3   destructive work was not confirmed
│   └── DeclinedError                         by a person who was asked
└── ExecutionError                      3   the server, or the work on it
    ├── DatabaseUnavailableError
    ├── LockTimeoutError
    ├── HistoryError                            damaged, newer, or hidden from the role
    ├── ServerError
    ├── DocumentsRefusedError                     by MongoDB
    ├── MigrationFailedError
    │   ├── ConnectionLostError             in the middle of a migration
    │   └── RowLossError                    a rollback in production needs confirmation
    ├── SeedFailedError
    ├── ScratchScriptError
    ├── PreparationError                        of a fleet
    ├── CheckEndedTransactionError
    └── GuardError                          the guard undid what a script did to a table
        ├── ProtectedTableError
        └── ForbiddenSeedError

RunInterrupted, after a Ctrl-C, is a KeyboardInterrupt: exit code 130.

Every message says what happened and ends with what to do about it. Text quoted from scripts, rows
and names is not escaped: it may contain newlines and control characters. The command line escapes
it when it prints; a program that logs `str(error)` should do the same, or log JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from sqlmig.model import (
    CheckResult,
    Direction,
    Location,
    LostRows,
    MigrationStatus,
    Outcome,
    Report,
    ServerMessage,
)


class SqlmigError(Exception):
    """The base of all errors of sqlmig: `message` says what is wrong, `remedy` what to do."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def lines(self) -> list[str]:
        """What to print: one line each for the problem, its place and details, and the remedy. A
        newline within a line comes from a quoted value."""
        return [part for part in (self.message, self.remedy) if part]

    def __str__(self) -> str:
        return "\n".join(self.lines())


class ConfigError(SqlmigError):
    """Settings or arguments that cannot be used."""

    exit_code = 2


class SourceError(SqlmigError):
    """A file that cannot be used as it is; `location` is the place in it."""

    exit_code = 2

    def __init__(self, message: str, *, location: Location, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.location = location

    def lines(self) -> list[str]:
        """See SqlmigError."""
        parts = (
            f"{self.location}: {self.message}",
            *self.location.excerpt().splitlines(),
            self.remedy,
        )
        return [part for part in parts if part]


class DirectiveError(SourceError):
    """A directive with an unknown name, a bad value, or in the wrong place."""


class DuplicateMigrationError(SourceError):
    """Two migration files with the same number."""


class UnknownDependencyError(SourceError):
    """A `depends` that does not name a migration file."""


class DependencyCycleError(SourceError):
    """Migrations that depend on each other in a cycle; `cycle` lists their ids in order."""

    def __init__(self, cycle: Sequence[str], *, location: Location) -> None:
        self.cycle = tuple(cycle)
        super().__init__(
            f"circular dependency between migrations: {' → '.join(self.cycle)}",
            location=location,
            remedy="Remove one of these `-- depends:` lines.",
        )


class OrphanRollbackError(SourceError):
    """A rollback file without its migration."""


class MissingRollbackError(SourceError):
    """A migration without a rollback that does not say why: `migration_id` names it, `expected` is
    where its rollback would be."""

    def __init__(
        self, migration_id: str, *, location: Location, expected: str, remedy: str
    ) -> None:
        super().__init__(
            f"no rollback: {expected} does not exist", location=location, remedy=remedy
        )
        self.migration_id = migration_id
        self.expected = expected

    def with_remedy(self, remedy: str) -> MissingRollbackError:
        """The same with another remedy."""
        return MissingRollbackError(
            self.migration_id, location=self.location, expected=self.expected, remedy=remedy
        )


class BeyondDatabaseError(SourceError):
    """A script that, on a scratch database, changed objects shared with other databases; it was
    undone."""


class FixtureError(SourceError):
    """A fixture for MongoDB that cannot be used.

    `document` is the index in the file, from 0; `field` is the path within the document
    (`contact.email`, `tags[2]`). They are None and "" if the error concerns the file itself. The
    location is shown without its line of text: except for keys and references, no error quotes
    values of fixtures.
    """

    def __init__(
        self,
        message: str,
        *,
        location: Location,
        remedy: str = "",
        document: int | None = None,
        field: str = "",
    ) -> None:
        parts = (f"[{document}]" if document is not None else "", field)
        where = ".".join(part for part in parts if part)
        super().__init__(
            f"{where}: {message}" if where else message,
            location=Location(location.path, location.position),
            remedy=remedy,
        )
        self.document = document
        self.field = field


class UnusableFilesError(SourceError):
    """Several unusable files found in one pass; `errors` lists them."""

    def __init__(self, errors: Sequence[SourceError]) -> None:
        self.errors = tuple(errors)
        super().__init__(
            f"{len(self.errors)} problems in the files", location=self.errors[0].location
        )

    def lines(self) -> list[str]:
        """See SqlmigError."""
        first, *others = (error.lines() for error in self.errors)
        return [*first, *(line for lines in others for line in ("", *lines))]


class PlanError(SqlmigError):
    """The files and the history do not allow what was requested; nothing was changed."""

    exit_code = 2


class UnknownTargetError(PlanError):
    """A reference that matches no migration, or more than one."""


class IrreversibleMigrationError(PlanError):
    """A rollback over a migration that cannot be rolled back; `migration_id` names it."""

    def __init__(self, message: str, *, migration_id: str, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.migration_id = migration_id


class _MigrationsError(PlanError):
    """A plan refused because of certain migrations: `migration_ids` names them."""

    def __init__(self, message: str, *, migration_ids: Sequence[str], remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.migration_ids = tuple(migration_ids)


class OutOfOrderError(_MigrationsError):
    """Pending migrations that sort before one that is already applied."""


class ChecksumMismatchError(_MigrationsError):
    """Files that differ from what was applied."""


class MissingMigrationError(_MigrationsError):
    """Applied migrations whose files are gone, with later files still there."""


class RenamedMigrationError(_MigrationsError):
    """Applied migrations whose files have another name now."""


class AnotherHistoryError(_MigrationsError):
    """A history that shares no migration with these files."""


class PartialMigrationError(_MigrationsError):
    """Non-transactional migrations with only some of their statements done."""


class SchemaNotCurrentError(PlanError):
    """The schema is not what this code expects; `statuses` lists the migrations that show it."""

    def __init__(self, message: str, *, statuses: Sequence[MigrationStatus], remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.statuses = tuple(statuses)


class EnvironmentMismatchError(PlanError):
    """The database is stamped with an environment other than the requested one."""


class ChangelogError(SqlmigError):
    """The changelog could not be checked or written: no git, no such revision, no entry."""

    exit_code = 2


class ExecutionError(SqlmigError):
    """The server, or an operation on it, failed."""


class DatabaseUnavailableError(ExecutionError):
    """There is no connection, or it was lost; the message never contains a password."""


class LockTimeoutError(ExecutionError):
    """Another runner kept the lock for longer than `waited` seconds."""

    def __init__(self, message: str, *, waited: float, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.waited = waited


class HistoryError(ExecutionError):
    """A history that cannot be relied on: damaged, made by a newer version, or with rows that row
    level security may hide. Nothing was run."""


class ServerError(ExecutionError):
    """The server refused one of sqlmig's own statements; `server` is its message."""

    def __init__(self, message: str, *, server: ServerMessage, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.server = server

    def lines(self) -> list[str]:
        """See SqlmigError."""
        return [part for part in (self.message, *self.server.details(), self.remedy) if part]


class DocumentsRefusedError(ExecutionError):
    """Documents that the server refused: `errors` has each, at its place in the fixtures."""

    def __init__(self, message: str, *, errors: Sequence[FixtureError], remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.errors = tuple(errors)

    def lines(self) -> list[str]:
        """See SqlmigError."""
        return [
            self.message,
            *(line for error in self.errors for line in error.lines()),
            self.remedy,
        ]


class MigrationFailedError(ExecutionError):
    """A migration failed: where, what the server reported, and what happened to the others.

    `location` is the character the server points at, or the statement that failed; None if
    the failure has no place in the file. `server` is None if the server reported nothing.
    `report` holds what was applied, what failed and what was not attempted.
    """

    def __init__(
        self,
        message: str,
        *,
        migration_id: str,
        report: Report,
        location: Location | None = None,
        server: ServerMessage | None = None,
        remedy: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.migration_id = migration_id
        self.report = report
        self.location = location
        self.server = server

    def lines(self) -> list[str]:
        """See SqlmigError."""
        return _told_in_place(self, f"{self.report.tally()}. {self.remedy}".rstrip())


class ConnectionLostError(MigrationFailedError):
    """The connection broke during a migration; `report` says what the history recorded of it."""


class RowLossError(MigrationFailedError):
    """A rollback in production would lose rows; it was undone and needs confirmation.

    `by_migration` maps each migration to its losses, in the order of the rollback; the losses are
    empty for a migration that may lose rows but cannot be rehearsed. `told` describes each in
    words, `losses` lists all of them, and `migration_id` is the first migration.
    """

    def __init__(
        self, *, report: Report, losses: Mapping[str, Sequence[LostRows]], again: str
    ) -> None:
        self.told = tuple(_told_loss(name, lost) for name, lost in losses.items())
        super().__init__(
            "; ".join(self.told),
            migration_id=next(iter(losses)),
            report=report,
            remedy="This database counts as production, so it was not done. To roll back anyway: "
            f"{again} --yes.",
        )
        self.by_migration = {name: tuple(lost) for name, lost in losses.items()}
        self.losses = tuple(loss for lost in losses.values() for loss in lost)


def _told_loss(migration_id: str, losses: Sequence[LostRows]) -> str:
    if not losses:
        return (
            f"rolling back {migration_id} may lose rows: its statements, or statements before "
            "them, run outside a transaction, so they cannot be tried and undone"
        )
    rows = [str(loss) for loss in losses if not loss.columns]
    columns = [str(loss) for loss in losses if loss.columns]
    told = [f"rows of: {', '.join(rows)}"] if rows else []
    told += [f"columns: {', '.join(columns)}"] if columns else []
    return f"rolling back {migration_id} would lose {', and '.join(told)}"


class RunInterrupted(KeyboardInterrupt):  # # no Error suffix, like KeyboardInterrupt
    """Ctrl-C stopped a run: the statement was canceled and its transaction rolled back.

    `report` has what was applied before. It is not a SqlmigError, so `except Exception` does not
    catch it.
    """

    def __init__(self, report: Report) -> None:
        super().__init__("interrupted")
        self.report = report

    def __str__(self) -> str:
        told = [self.report.tally()]
        for outcome in (Outcome.UNDONE, Outcome.FAILED):
            if names := self.report.ids(outcome):
                is_rollback = self.report.direction is Direction.ROLLBACK
                undone = "is still applied" if is_rollback else "was undone"
                was = undone if outcome is Outcome.UNDONE else "stopped partway"
                told.append(f"{', '.join(names)} {was}")
        remedy = (
            " See `sqlmig status`; the next run drops an invalid index that it may have left."
            if self.report.ids(Outcome.FAILED)
            else ""
        )
        return f"Interrupted: {'; '.join(told)}.{remedy}"


class SeedFailedError(ExecutionError):
    """A seed failed, and all of its batch was undone.

    `seed` names it; `location` and `server` are as for MigrationFailedError.
    """

    def __init__(
        self,
        message: str,
        *,
        seed: str,
        location: Location | None = None,
        server: ServerMessage | None = None,
        remedy: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.seed = seed
        self.location = location
        self.server = server

    def lines(self) -> list[str]:
        """See SqlmigError."""
        return _told_in_place(self, self.remedy)


class _PreparingError(ExecutionError):
    """A script that prepares databases failed; `location` and `server` are as for
    MigrationFailedError."""

    def __init__(
        self,
        message: str,
        *,
        location: Location | None = None,
        server: ServerMessage | None = None,
        remedy: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.location = location
        self.server = server

    def lines(self) -> list[str]:
        """See SqlmigError."""
        return _told_in_place(self, self.remedy)


class ScratchScriptError(_PreparingError):
    """The script that prepares scratch databases failed; `location` and `server` are as for
    MigrationFailedError."""


class PreparationError(_PreparingError):
    """The script that creates what the targets of a fleet share failed; `location` and `server`
    are as for MigrationFailedError."""


class GuardError(ExecutionError):
    """The guard undid a script: `script` names it, `tables` lists the tables that it must not
    touch.

    `report` has the results of the other migrations; None if the script is a seed.
    """

    def __init__(
        self,
        message: str,
        *,
        script: str,
        tables: Sequence[str],
        remedy: str,
        report: Report | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.script = script
        self.tables = tuple(tables)
        self.report = report

    def lines(self) -> list[str]:
        """See SqlmigError."""
        tally = f"{self.report.tally()}." if self.report else ""
        return [part for part in (self.message, tally, self.remedy) if part]


class ProtectedTableError(GuardError):
    """In production, a script would lose or alter rows of a protected table."""


class ForbiddenSeedError(GuardError):
    """A seed wrote to a table that its tier must not write to."""


class CheckEndedTransactionError(ExecutionError):
    """A sanity check ended its own transaction, so its changes may not have been undone: `check`
    names it, `path` is its file."""

    def __init__(self, message: str, *, check: str, path: str, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.check = check
        self.path = path


class SanityCheckError(SqlmigError):
    """Sanity checks failed; `checks` has the results of all checks.

    `report` is what the batch did; None if the batch was undone because of them.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        checks: Sequence[CheckResult],
        remedy: str,
        report: Report | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.checks = tuple(checks)
        self.report = report


class NotAgreedError(SqlmigError):
    """Destructive work was not confirmed: nothing was done."""


def in_words(unforeseen: Exception) -> ExecutionError:
    """The error for an exception that nothing else translated: from the operating system, or a bug
    in sqlmig."""
    if isinstance(unforeseen, OSError):
        reason = unforeseen.strerror or str(unforeseen)
        file = f"{unforeseen.filename}: " if unforeseen.filename is not None else ""
        return ExecutionError(
            f"{file}{reason}",
            remedy="The operating system refused this, and the command was not completed. "
            "`sqlmig status` shows what is applied.",
        )
    return ExecutionError(
        f"an error in sqlmig itself: {type(unforeseen).__name__}: {unforeseen}",
        remedy="The command was not completed; `sqlmig status` shows what is applied. Please "
        "report this with the log of --verbose.",
    )


class DeclinedError(NotAgreedError):
    """A person answered no: the message says what was not done."""


def _told_in_place(
    error: MigrationFailedError | SeedFailedError | _PreparingError, after: str
) -> list[str]:
    """The message with its place and line, the server's details, and what comes after."""
    place = f"{error.location}: " if error.location else ""
    excerpt = error.location.excerpt() if error.location else ""
    details = error.server.details() if error.server else ()
    parts = (f"{place}{error.message}", *excerpt.splitlines(), *details, after)
    return [part for part in parts if part]
