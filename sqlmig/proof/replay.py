"""Runs plans on a scratch database, and puts it back to a state that it had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from sqlmig.config import Config
from sqlmig.engine.database import Database
from sqlmig.engine.databases.scratch import ScratchServer
from sqlmig.engine.databases.shared import SUBSCRIPTIONS, SharedCatalogs
from sqlmig.engine.history.reading import History, find_history
from sqlmig.engine.run.containment import Containment
from sqlmig.engine.run.executor import Executor
from sqlmig.engine.server.connection import Connection, opened, translated
from sqlmig.errors import ExecutionError, MigrationFailedError
from sqlmig.model import Direction, Environment
from sqlmig.plan import Plan, PlannedMigration
from sqlmig.proof.catalog import SchemaSnapshot
from sqlmig.proof.given import Given, prepared_by, scratch_script
from sqlmig.proof.watch import Watch
from sqlmig.target.rules import Rules

# A scratch database has no rows that need protection from a script.
_RULES = Rules(Environment.DEVELOPMENT, "a scratch database")


class Stage:
    """A scratch database on which migrations run as they would elsewhere, one by one; `given` is
    what the project's script made there before."""

    def __init__(self, server: ScratchServer, config: Config, schema: str | None) -> None:
        self._server = server
        self._config = config
        self._schema = schema
        self._open = ExitStack()
        self._watch: Watch | None = None
        self._kept: str | None = None
        self._kept_count = 0
        self._script = scratch_script(config)
        self.given = Given()
        self._name = self._made()
        self._enter(self._name)

    @property
    def url(self) -> str:
        """How to reach the database as it is now."""
        return self._server.url_of(self._name)

    def run(self, planned: PlannedMigration) -> None:
        """Applies or rolls back that migration. Raises MigrationFailedError, and
        BeyondDatabaseError for what reaches beyond the database; it is undone then."""
        self._executor.execute(Plan(planned.direction, (planned,)))

    def replay(self, migrations: Sequence[PlannedMigration]) -> None:
        """Applies migrations that have run before. Raises ExecutionError where one fails now, and
        BeyondDatabaseError."""
        if migrations:
            try:
                self._executor.execute(Plan(Direction.APPLY, tuple(migrations)))
            except MigrationFailedError as error:
                raise _cannot_be_replayed(error) from error

    def look(self) -> SchemaSnapshot:
        """The snapshot of the schema as it is now; the more often it is called, the cheaper."""
        if self._watch is None:
            self._watch = Watch(self._beside)
        return self._watch.look()

    def rebuild(self, applied: Sequence[PlannedMigration]) -> None:
        """Starts over, and applies those migrations.

        A copy is kept: a later call, with more of the same migrations, begins with that.
        """
        self.close()
        self._server.drop(self._name)
        if self._kept is None:
            self._kept = self._made()
        self._enter(self._kept)
        self.replay(applied[self._kept_count :])
        self._kept_count = len(applied)
        self.close()
        self._name = self._server.create(template=self._kept)
        self._enter(self._name)

    @contextmanager
    def left(self) -> Iterator[str]:
        """In its block, others may work on the database as it is, and hold the runner's lock: its
        URL."""
        self.close()
        yield self.url
        self._enter(self._name)

    def beside(self) -> History:
        """The history as it is now, on a session beside the one that runs migrations."""
        return find_history(self._beside, self._schema)

    def close(self) -> None:
        """Ends the connection."""
        self._open.close()

    def _made(self) -> str:
        """A new database, prepared by the project's script if there is one."""
        name = self._server.create()
        if self._script is not None:
            url = self._server.url_of(name)
            with opened(url) as connection, opened(url) as beside, translated():
                history = find_history(connection, self._schema)
                containment = self._containment(history, beside)
                self.given = prepared_by(self._script, containment, beside)
        return name

    def _enter(self, name: str) -> None:
        config = replace(
            self._config, database=self._server.url_of(name), history_schema=self._schema
        )
        self._database, self._watch = Database(config), None
        connection = self._open.enter_context(self._database.connect())
        found = self._database.history_on(connection)
        session = self._open.enter_context(self._database.working(found))
        self._beside = self._open.enter_context(self._database.connect())
        containment = self._containment(session.history, self._beside)
        self._executor = Executor(session, _RULES, containment=containment)

    def _containment(self, history: History, beside: Connection) -> Containment:
        """On a server that others use, nothing that they share may change; elsewhere, nothing that
        another server has."""
        names = None if self._server.is_shared else (SUBSCRIPTIONS,)
        catalogs = SharedCatalogs(history.connection, beside, names)
        return Containment(history, catalogs, self._server.is_shared)


@contextmanager
def staged(server: ScratchServer, config: Config, schema: str | None = None) -> Iterator[Stage]:
    """A stage in an empty database; `schema` is that of the history, as `find_history` has it."""
    stage = Stage(server, config, schema or config.history_schema)
    try:
        yield stage
    finally:
        stage.close()


def _cannot_be_replayed(error: MigrationFailedError) -> ExecutionError:
    place = f"{error.location}: " if error.location else ""
    return ExecutionError(
        f"{error.migration_id}, which is applied, cannot run again on a scratch database\n"
        f"{place}{error.message}",
        remedy="It needs something that no migration creates. For a schema, table or extension, "
        "name a script that creates it in the setting `scratch_script`. For a role, or the files "
        "of an extension, use a server that has it: --scratch-url.",
    )
