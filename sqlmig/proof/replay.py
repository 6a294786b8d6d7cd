"""Runs plans on a scratch database, and restores it to an earlier state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from sqlmig.config import Config
from sqlmig.engine.database import Database
from sqlmig.engine.databases.scratch import ScratchServer
from sqlmig.engine.databases.shared import SUBSCRIPTIONS, SharedCatalogs
from sqlmig.engine.history.finding import find_history
from sqlmig.engine.history.reading import History
from sqlmig.engine.run.backend import Backend
from sqlmig.engine.run.containment import Containment
from sqlmig.engine.run.executor import Executor
from sqlmig.engine.run.steps import Steps
from sqlmig.engine.server.connection import Connection, opened, translated
from sqlmig.engine.server.remedies import ends_session, remedy_for
from sqlmig.errors import (
    ConnectionLostError,
    DatabaseUnavailableError,
    ExecutionError,
    MigrationFailedError,
)
from sqlmig.model import Direction, Environment, migration_order
from sqlmig.plan import Plan, PlannedMigration
from sqlmig.proof.catalog import SchemaSnapshot
from sqlmig.proof.given import Given, given_by, prepared_by, scratch_script
from sqlmig.proof.scope import Scope
from sqlmig.proof.watch import Watch
from sqlmig.target.rules import Rules

# A scratch database has no rows that need protection from a script.
_RULES = Rules(Environment.DEVELOPMENT, "a scratch database")
_OWN_SCHEMA = "sqlmig_history"  # if there is no other schema for it
_OF_ONE = {"are": "is", "were": "was"}


class Stage:
    """A scratch database on which migrations run as they would elsewhere, one by one. `given` is
    what was created there before: the schema of the history, and what the project's script
    creates."""

    def __init__(self, server: ScratchServer, config: Config, schema: str | None) -> None:
        self._server = server
        self._config = config
        self._scope = Scope(config.schemas)
        self.schema = schema
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
        """The URL of the current database."""
        return self._server.url_of(self._name)

    def run(self, planned: PlannedMigration) -> None:
        """Applies or rolls back that migration. Raises MigrationFailedError, and
        BeyondDatabaseError for a script that reaches beyond the database and is undone. Raises
        DatabaseUnavailableError if the server or the session is gone, because that proves
        nothing."""
        with self._reporting_lost_session():
            self._executor.execute(Plan(planned.direction, (planned,)))

    def observe(self, migrations: Sequence[PlannedMigration], steps: Steps) -> None:
        """Applies or rolls back migrations, all in one direction, with `steps` around each
        statement. Raises MigrationFailedError and BeyondDatabaseError."""
        if migrations:
            executor = replace(self._executor, steps=steps)
            executor.execute(Plan(migrations[0].direction, tuple(migrations)))

    def replay(self, migrations: Sequence[PlannedMigration], pending: Sequence[str] = ()) -> None:
        """Applies migrations that have run before. `pending` are the ids of those that have not:
        one of them may be what a migration needs. Raises ExecutionError if one fails now,
        BeyondDatabaseError, and DatabaseUnavailableError as `run` does."""
        if migrations:
            try:
                with self._reporting_lost_session():
                    self._executor.execute(Plan(Direction.APPLY, tuple(migrations)))
            except MigrationFailedError as error:
                after = [planned.migration_id for planned in migrations]
                after = after[after.index(error.migration_id) + 1 :]
                raise _cannot_be_replayed(error, pending, after) from error

    @property
    def history(self) -> History:
        """The history in the current database; its connection is the one on which scripts run."""
        return self._executor.session.history

    @property
    def beside(self) -> Connection:
        """Another session in the current database."""
        return self._beside

    def look(self) -> SchemaSnapshot:
        """A snapshot of the current schema; later calls are cheaper than the first."""
        if self._watch is None:
            self._watch = Watch(self._beside, self._scope)
        return self._watch.look()

    def rebuild(self, applied: Sequence[PlannedMigration]) -> None:
        """Starts over, and applies those migrations.

        Keeps a copy: a later call, with more of the same migrations, starts from that.
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
        """Within the block, others may work on the current database and hold the runner's lock;
        yields its URL."""
        self.close()
        yield self.url
        self._enter(self._name)

    def close(self) -> None:
        """Ends the connection."""
        self._open.close()

    @contextmanager
    def _reporting_lost_session(self) -> Iterator[None]:
        try:
            yield
        except MigrationFailedError as error:
            if self._has_lost_session(error):
                raise DatabaseUnavailableError(
                    f"the session in the scratch database was lost: {error.message}",
                    remedy=(error.server and remedy_for(error.server))
                    or "See the server's log; then run this again.",
                ) from error
            raise

    def _has_lost_session(self, error: MigrationFailedError) -> bool:
        is_ended = error.server is not None and ends_session(error.server)
        is_lost = is_ended or isinstance(error, ConnectionLostError)
        return is_lost or self._executor.session.connection.closed

    def _made(self) -> str:
        """A new database with a history, prepared by the project's script if there is one."""
        name = self._server.create()
        url = self._server.url_of(name)
        with opened(url) as connection, opened(url) as beside, translated():
            history = find_history(connection, self._schema_in(connection))
            make = Backend(history).ensure_internal_schema_updated
            if history.schema_exists:
                make()
                self.given = Given()
            else:
                self.given = given_by(make, beside)
            if self._script is not None:
                containment = self._containment(find_history(connection, self.schema), beside)
                self.given |= prepared_by(self._script, containment, beside)
        return name

    def _schema_in(self, connection: Connection) -> str:
        """The schema of the history. It is created before any migration runs, so it is not
        theirs."""
        if self.schema is None:
            ((current,),) = connection.execute("SELECT current_schema()").fetchall()
            self.schema = current or _OWN_SCHEMA
        return self.schema

    def _enter(self, name: str) -> None:
        config = replace(
            self._config, database=self._server.url_of(name), history_schema=self.schema
        )
        self._database, self._watch = Database(config), None
        with ExitStack() as opening:
            connection = opening.enter_context(self._database.connect())
            found = self._database.history_on(connection)
            session = opening.enter_context(self._database.working(found))
            self._beside = opening.enter_context(self._database.connect())
            containment = self._containment(session.history, self._beside)
            self._executor = Executor(session, _RULES, containment=containment)
            self._open = opening.pop_all()

    def _containment(self, history: History, beside: Connection) -> Containment:
        """Forbids changes to what the databases of a shared server have in common; on another
        server, only subscriptions, which reach a third one."""
        names = None if self._server.is_shared else (SUBSCRIPTIONS,)
        catalogs = SharedCatalogs(history.connection, beside, names)
        return Containment(history, catalogs, self._server.is_shared)


@contextmanager
def staged(server: ScratchServer, config: Config, schema: str | None = None) -> Iterator[Stage]:
    """A stage in an empty database; `schema` is the schema of the history, as in `find_history`."""
    stage = Stage(server, config, schema or config.history_schema)
    try:
        yield stage
    finally:
        stage.close()


def _cannot_be_replayed(
    error: MigrationFailedError, pending: Sequence[str], after: Sequence[str]
) -> ExecutionError:
    place = f"{error.location}: " if error.location else ""
    name = error.migration_id
    causes = (
        *_before(name, pending, "are", "not applied: sqlmig apply --allow-out-of-order"),
        *_before(name, after, "were", "applied after it: a new database has another order"),
    )
    return ExecutionError(
        f"{error.migration_id}, which is applied, cannot run again on a scratch database\n"
        f"{place}{error.message}",
        remedy=f"{''.join(causes)}{'Or it' if causes else 'It'} needs something that no "
        "migration creates. For a schema, table or extension, "
        "name a script that creates it in the setting `scratch_script`. For a role, or the files "
        "of an extension, use a server that has it: --scratch-url.",
    )


def _before(migration_id: str, others: Sequence[str], are: str, what: str) -> Iterator[str]:
    """Which of the others sort before it, and what of them, if any."""
    names = [each for each in others if migration_order(each) < migration_order(migration_id)]
    if len(names) == 1:
        yield f"{names[0]} comes before it and {_OF_ONE[are]} {what}. "
    elif names:
        yield f"{', '.join(names)} come before it and {are} {what}. "
