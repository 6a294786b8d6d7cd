"""Where a project's proofs run: never in the database that it means, but beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlmig.config import Config
from sqlmig.database import conninfo
from sqlmig.embedded import EmbeddedPostgres
from sqlmig.engine.scratch import ScratchServer, database_settings, scratch_server
from sqlmig.errors import PlanError
from sqlmig.source.cluster import cluster_statement
from sqlmig.source.script import PreparedScript


@contextmanager
def scratch_beside(config: Config, scratch_url: str | None) -> Iterator[ScratchServer]:
    """The server for scratch databases: that of the URL if one is given, else the target's, else,
    where no database is named, the project's embedded one.

    Sessions begin with what the target's database has them begin with (ALTER DATABASE … SET).
    """
    is_named = config.database is not None
    target = conninfo(config) if is_named else None
    settings = database_settings(target) if target is not None else ()
    url = scratch_url if scratch_url is not None else target
    if url is None:
        url = EmbeddedPostgres(config.project / ".sqlmig").start().url or ""
    with scratch_server(url, settings) as server:
        yield server


def refuse_beyond_database(scripts: Iterable[PreparedScript]) -> None:
    """Raises PlanError where a script would change what all databases of a server share."""
    for prepared in scripts:
        if statement := cluster_statement(prepared):
            raise PlanError(
                f"{prepared.script.path} changes what all databases of the server share: "
                f"{statement}",
                remedy="Name a server where that does no harm: --scratch-url.",
            )
