"""The only module that imports yoyo: its backend and its migration, with hooks overridden.

yoyo's own loops run (`apply_migrations`, `apply_one`, `rollback_migrations`, `rollback_one`). They
ask a migration to process its steps, the backend to log and mark it, and a transaction to end
around the mark. Here the steps are one script. Log and mark are remembered, and the end of that
transaction writes them together with the COMMIT.
"""

from __future__ import annotations

import functools
import getpass
import platform
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, LiteralString, Protocol

from psycopg import sql
from yoyo import internalmigrations
from yoyo.backends import PostgresqlPsycopgBackend
from yoyo.migrations import Migration, MigrationList, get_migration_hash

from sqlmig.engine.history import tables
from sqlmig.engine.history.reading import History
from sqlmig.engine.history.records import LogEntry
from sqlmig.engine.history.stamping import ensure_tables
from sqlmig.engine.server.connection import Connection
from sqlmig.model import Direction
from sqlmig.plan import PlannedMigration

# Behind a pooler there is no runner's lock, so that concurrent first runs would collide here.
_ONE_AT_A_TIME = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext({name}))"


class Work(Protocol):
    """What yoyo's loops drive: one script after another, each with its record."""

    def run(self, planned: PlannedMigration) -> None:
        """Sends the script, or prepares it to be sent with its record."""

    def record(self, planned: PlannedMigration, entry: LogEntry) -> None:
        """Writes the record, and commits script and record."""


class ScriptMigration(Migration):
    """A migration whose only step is the whole script.

    The base class's constructor is not called: it registers the migration for the whole process, so
    that projects would see each other's dependencies.
    """

    def __init__(self, planned: PlannedMigration) -> None:
        self.planned = planned
        self.id = planned.migration_id
        self.hash = get_migration_hash(planned.migration_id)
        self.path = planned.prepared.script.path
        self.use_transactions = planned.directives.transactional
        self.steps: list[object] = []
        self._depends: set[Migration] = set()

    def process_steps(self, backend: Backend, direction: str, force: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # yoyo's signature
        """Passes the script to the backend's work."""
        backend.work.run(self.planned)


class Backend(PostgresqlPsycopgBackend):
    """yoyo's backend over one existing connection, for one history."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._entry: LogEntry | None = None
        self._is_updated = False
        super().__init__("", tables.MIGRATIONS)

    def run(self, migrations: Iterable[PlannedMigration], direction: Direction, work: Work) -> None:
        """Has yoyo's loop apply or roll back the migrations, in the order given."""
        self.work = work
        self._entry = None
        loop = {
            Direction.APPLY: self.apply_migrations,
            Direction.ROLLBACK: self.rollback_migrations,
        }[direction]
        loop(MigrationList([ScriptMigration(planned) for planned in migrations]))

    def connect(self, dburi: str) -> Connection:  # noqa: ARG002  # yoyo's signature
        """The connection of the history."""
        return self.history.connection

    def init_connection(self, connection: Connection) -> None:
        """Does nothing: tables are named with their schema, so search_path does not matter."""

    def copy(self) -> AbstractContextManager[Backend]:
        """Returns this backend itself, so that work and record share a transaction."""
        return nullcontext(self)

    @property
    def migration_table_quoted(self) -> str:
        """The table of marks, with its schema."""
        return self._qualified(tables.MIGRATIONS)

    @property
    def log_table_quoted(self) -> str:
        """The log, with its schema."""
        return self._qualified(tables.LOG)

    @property
    def version_table_quoted(self) -> str:
        """The table of format versions, with its schema."""
        return self._qualified(tables.VERSION)

    def _qualified(self, table: str) -> str:
        return sql.Identifier(self.history.schema, table).as_string(self.connection)

    def list_tables(self, **kwargs: Any) -> list[str]:  # noqa: ARG002  # yoyo's signature
        """The names of the tables in the history's schema."""
        rows = self.connection.execute(
            "SELECT c.relname FROM pg_catalog.pg_class c "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p') AND n.nspname = %s",
            (self.history.schema,),
        )
        return [name for (name,) in rows]

    def ensure_internal_schema_updated(self) -> None:
        """Creates or upgrades yoyo's tables and ours, once, in one transaction.

        yoyo's own upgrade names its tables without a schema, hence the search_path.
        """
        if self._is_updated:
            return
        with self.connection.transaction():
            self.connection.execute(self._preparation().encode())
            self._upgrade()
            ensure_tables(self.history)
        self._is_updated = True

    def _preparation(self) -> str:
        """The statements before an upgrade, as one message."""
        statements: list[LiteralString] = [_ONE_AT_A_TIME, "SET LOCAL search_path TO {schema}"]
        if not self.history.schema_exists:
            statements.insert(1, "CREATE SCHEMA IF NOT EXISTS {schema}")
        name = self.history.schema
        text = sql.SQL(";".join(statements)).format(name=name, schema=sql.Identifier(name))
        return text.as_string(self.connection)

    def _upgrade(self) -> None:
        if not self.history.exists or internalmigrations.needs_upgrading(self):
            self._in_transaction = True  # makes yoyo open a savepoint instead of a transaction
            try:
                internalmigrations.upgrade(self)
            finally:
                self._in_transaction = False

    def entry(self, migration_id: str, operation: str) -> LogEntry:
        """yoyo's log row, without yoyo's lookups of the user's passwd entry and of the host's name
        in the DNS, which fail or hang in containers."""
        migration_hash = get_migration_hash(migration_id)
        host = platform.node()
        return LogEntry(str(uuid.uuid4()), migration_hash, migration_id, operation, _user(), host)

    def log_migration(self, migration: ScriptMigration, operation: str) -> None:
        """Remembers the log row for the record."""
        self._entry = self.entry(migration.id, operation)
        self._planned = migration.planned

    def mark_one(self, migration: Migration, log: bool = True) -> None:  # noqa: FBT001, FBT002  # yoyo's signature
        """Does nothing: the mark is part of the record."""

    def unmark_one(self, migration: Migration, log: bool = True) -> None:  # noqa: FBT001, FBT002  # yoyo's signature
        """Does nothing: removing the mark is part of the record."""

    def transaction(self, rollback_on_exit: bool = False) -> AbstractContextManager[Any]:  # noqa: FBT001, FBT002  # yoyo's signature
        """Around a mark, writes the record at the end; elsewhere, works as in yoyo."""
        if self._entry is None:
            context: AbstractContextManager[Any] = super().transaction(rollback_on_exit)
            return context
        return self._recording(self._planned, self._entry)

    @contextmanager
    def _recording(self, planned: PlannedMigration, entry: LogEntry) -> Iterator[None]:
        yield
        self._entry = None
        self.work.record(planned, entry)


@functools.cache
def _user() -> str:
    """The user of this process; cached, because the lookup may ask a directory service."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
