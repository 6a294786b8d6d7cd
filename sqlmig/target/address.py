"""Which databases a project uses, including the embedded servers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlmig.config import EMBEDDED, Config, expect_project, has_settings
from sqlmig.config.env_file import read_env_file
from sqlmig.errors import ConfigError
from sqlmig.model import Environment, Observer, ServerObserver

if TYPE_CHECKING:
    from sqlmig.embedded import EmbeddedMongo, EmbeddedPostgres


def conninfo(config: Config, observer: Observer | None = None) -> str:
    """What libpq needs to reach the project's database: a URL, a key=value string, or "".

    Starts the embedded server if the project uses it, and tells the observer. Raises ConfigError if
    no database is named, if the embedded server would be production, or if there is no project for
    it; EmbeddedError if it cannot start.
    """
    if config.is_embedded:
        return _started(config, observer)
    if config.database is None:
        raise ConfigError(
            "no database is named",
            remedy="Give it with --database-url, SQLMIG_DATABASE_URL, DATABASE_URL, libpq's "
            "PGHOST and PGDATABASE, or the setting `database`. No server? Use --embedded."
            + _unread_file(config),
        )
    return config.database


def mongo_url(config: Config) -> str:
    """The URL of the project's MongoDB database.

    Starts the embedded server if the project uses it. Raises as `conninfo` does.
    """
    if config.mongo == EMBEDDED:
        return embedded_mongo(config).start().url or ""
    if config.mongo is None:
        raise ConfigError(
            "no MongoDB database is named",
            remedy="Give it with --mongo-url, SQLMIG_MONGO_URL, MONGODB_URI, MONGO_URL, or the "
            'setting `mongo`. No server? Use --embedded, or the setting mongo = "embedded". '
            "`sqlmig seed --only sql` needs none.",
        )
    return config.mongo


def embedded_server(config: Config) -> EmbeddedPostgres:
    """The project's own server, running or not; its files are in `.sqlmig` in the project."""
    refuse_as_production(config.expected_environment, "--database-url")
    return server_for_tests(config)


def server_for_tests(config: Config) -> EmbeddedPostgres:
    """The same server, whatever the project's environment: for databases that will be dropped."""
    from sqlmig.embedded import EmbeddedPostgres  # noqa: PLC0415  # most have a server

    return EmbeddedPostgres(
        _root(config), port=config.embedded_port, version=config.embedded_version
    )


def embedded_mongo(config: Config) -> EmbeddedMongo:
    """The project's own MongoDB server, running or not."""
    from sqlmig.embedded import EmbeddedMongo  # noqa: PLC0415  # most have a server

    refuse_as_production(config.expected_mongo_environment, "--mongo-url")
    return EmbeddedMongo(_root(config))


def refuse_as_production(environment: Environment, option: str) -> None:
    """Raises ConfigError if an embedded server would be production."""
    if environment is Environment.PRODUCTION:
        raise ConfigError(
            "the embedded server is for development and tests, not for production",
            remedy=f"Name the production database with {option}.",
        )


def _started(config: Config, observer: Observer | None) -> str:
    server = embedded_server(config)
    was_running = server.status().running
    if not was_running:
        expect_project(config)
    status = server.start()
    url = status.url or ""
    if not was_running and isinstance(observer, ServerObserver):
        observer.server_started(f"PostgreSQL {status.version} ({status.programs})", url)
    return url


def _unread_file(config: Config) -> str:
    """That there is a `.env` with a database, where no setting has it read."""
    if config.env_file is not None:
        return ""
    try:
        variables = read_env_file(config.project / ".env")
    except ConfigError:
        return ""
    found = [name for name in ("SQLMIG_DATABASE_URL", "DATABASE_URL") if variables.get(name)]
    if not found:
        return ""
    written = "" if has_settings(config.project) else " (`sqlmig init` writes it)"
    return f' There is a .env with {found[0]}; the setting env_file = ".env" reads it{written}.'


def _root(config: Config) -> Path:
    return config.project / ".sqlmig"
