"""What commands share: the project's migrator, and the lines about its databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmig.cli.output import Output, Progress
from sqlmig.config import EMBEDDED
from sqlmig.errors import EnvironmentMismatchError
from sqlmig.report import servers
from sqlmig.report.progress import warning
from sqlmig.target.rules import warning_of

if TYPE_CHECKING:
    from sqlmig.config import Config
    from sqlmig.migrator import Migrator


def migrator_for(output: Output, **arguments: object) -> Migrator:
    """The migrator for the command's options; it reports its progress to the output.

    In text, the name of the database comes first.
    """
    from sqlmig.migrator import Migrator

    config = output.options.config(**arguments)
    announce_postgres(output, config)
    return Migrator(config, Progress(output))


def migrator_for_scratch(output: Output, scratch_url: str | None) -> Migrator:
    """The migrator for work on a scratch database only: on the embedded server, unless a server or
    a database is named."""
    is_named = scratch_url is not None or output.options.config().database is not None
    return migrator_for(output) if is_named else migrator_for(output, database=EMBEDDED)


def announce_postgres(output: Output, config: Config) -> None:
    """Prints which database is used, and what was ignored to choose it."""
    output.notice(*map(warning, config.warnings))
    if output.is_json:
        return
    if config.is_embedded:
        output.notice(servers.embedded_database())
    elif config.database is not None:
        from sqlmig.engine.server.connection import parameters_in_force

        parameters = parameters_in_force(config.database)
        words = servers.database(parameters, config.origins["database"])
        if words:
            output.notice(words)


def tell_refusal(output: Output, migrator: Migrator) -> None:
    """Warns if work would be refused in the named environment."""
    if migrator.config.environment is None:
        return
    try:
        output.warnings(migrator.environment().warnings)
    except EnvironmentMismatchError as refusal:
        output.warnings((warning_of(refusal),))


def announce_mongo(output: Output, config: Config) -> None:
    """Starts the embedded MongoDB if the project uses it and it is not running, and reports the
    start."""
    from sqlmig.target.address import embedded_mongo

    if config.mongo == EMBEDDED and not embedded_mongo(config).status().running:
        status = embedded_mongo(config).start()
        output.notice(*servers.started("MongoDB (SecantusDB)", f"mongosh '{status.url}'"))
