"""Which database a project means, and the embedded server when it means that."""

from __future__ import annotations

from sqlmig.config import Config
from sqlmig.embedded import EmbeddedPostgres
from sqlmig.errors import ConfigError
from sqlmig.model import Environment


def conninfo(config: Config) -> str:
    """What libpq needs to reach the project's database: a URL, a key=value string, or "".

    Starts the embedded server where that is meant. Raises ConfigError where nothing is named, or
    the embedded server is asked to be production; EmbeddedError where it cannot start.
    """
    if config.is_embedded:
        return embedded_server(config).start().url or ""
    if config.database is None:
        raise ConfigError(
            "no database is named",
            remedy="Give it with --database-url, SQLMIG_DATABASE_URL, DATABASE_URL, libpq's "
            "PGHOST and PGDATABASE, or the setting `database`. No server at hand? --embedded.",
        )
    return config.database


def embedded_server(config: Config) -> EmbeddedPostgres:
    """The project's own server, running or not; its place is `.sqlmig` in the project."""
    if config.expected_environment is Environment.PRODUCTION:
        raise ConfigError(
            "the embedded server is for development and tests, not for production",
            remedy="Name the production database with --database-url.",
        )
    return EmbeddedPostgres(config.project / ".sqlmig")
