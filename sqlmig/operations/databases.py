"""Creates and drops a project's database, for development and tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlmig.config import Config
from sqlmig.engine.database import Database
from sqlmig.engine.databases.named import NamedDatabase
from sqlmig.engine.history.finding import other_histories
from sqlmig.engine.history.reading import History
from sqlmig.engine.history.stamping import ensure_tables, set_stamp
from sqlmig.errors import ConfigError, EnvironmentMismatchError
from sqlmig.model import Environment


@dataclass(frozen=True, slots=True)
class DatabaseChange:
    """What happened to the named database; `changed` is False if there was nothing to do."""

    name: str
    changed: bool


def create_database(config: Config) -> DatabaseChange:
    """Creates the database that the settings name if it does not exist, and stamps it with their
    environment, so that what works on it afterwards follows that.

    Raises ConfigError in production and for the embedded server, which creates its own;
    DatabaseUnavailableError; and ServerError if the server refuses.
    """
    _refuse_embedded(config, "sqlmig apply")
    _refuse_production(config.expected_environment, "create")
    database = _named(config)
    is_new = not database.exists() and database.create()
    if is_new:
        _stamp(Database(config), config.expected_environment)
    return DatabaseChange(database.name, is_new)


def drop_database(config: Config, agree: Callable[[str], None] | None = None) -> DatabaseChange:
    """Drops the database that the settings name; `agree` gets its name first, and raises an error
    to keep it.

    Raises what `create_database` raises, and EnvironmentMismatchError if the stamp of any history
    in the database is not the named environment, or a history has no stamp.
    """
    _refuse_embedded(config, "sqlmig embedded reset")
    database = _named(config)
    if not database.exists():
        return DatabaseChange(database.name, changed=False)
    with Database(config).history() as history:
        _refuse_production(Database(config).working_rules(history).environment, "drop")
        for schema in other_histories(history):
            _refuse_other(replace(config, history_schema=schema), history)
    if agree is not None:
        agree(database.name)
    return DatabaseChange(database.name, database.drop())


def _stamp(database: Database, environment: Environment) -> None:
    with database.history() as found, database.working(found) as session:
        ensure_tables(session.history)
        set_stamp(session.history, environment)


def _refuse_other(config: Config, history: History) -> None:
    """Raises EnvironmentMismatchError if the history that `config` names, in the same database, may
    be production's."""
    database = Database(config)
    try:
        database.working_rules(database.history_on(history.connection))
    except EnvironmentMismatchError as refusal:
        raise EnvironmentMismatchError(
            f"the schema {config.history_schema} has a history of its own: {refusal.message}",
            remedy=f"{refusal.remedy} Do that with history_schema = {config.history_schema!r}.",
        ) from None


def _named(config: Config) -> NamedDatabase:
    return NamedDatabase(Database(config).conninfo(), config.wait_for_database)


def _refuse_embedded(config: Config, instead: str) -> None:
    if config.is_embedded:
        raise ConfigError(
            "the embedded server manages its own database", remedy=f"Use `{instead}`."
        )


def _refuse_production(environment: Environment, command: str) -> None:
    if environment is Environment.PRODUCTION:
        raise ConfigError(
            f"`{command}` is for development and tests, and this database counts as production",
            remedy=f"Nothing was changed. If it is not: sqlmig --env development {command}.",
        )
