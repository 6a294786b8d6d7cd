"""Where a project's proofs run: never in its own database, but beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmig.config import Config
from sqlmig.engine.databases.scratch import ScratchServer, database_settings, scratch_server
from sqlmig.target.address import conninfo, server_for_tests


@contextmanager
def scratch_beside(config: Config, scratch_url: str | None) -> Iterator[ScratchServer]:
    """The server for scratch databases: that of the URL if one is given, else the target's, else,
    where no database is named, the project's embedded one.

    Others use that server, unless it was given for this. Sessions begin with what the target's
    database has them begin with (ALTER DATABASE … SET).
    """
    is_named = config.database is not None
    target = conninfo(config) if is_named else None
    settings = database_settings(target) if target is not None else ()
    url = scratch_url if scratch_url is not None else target
    if url is None:
        url = server_for_tests(config).start().url or ""
    with scratch_server(url, settings, is_shared=scratch_url is None) as server:
        yield server
