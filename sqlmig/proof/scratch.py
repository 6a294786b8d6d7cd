"""Where a project's proofs run: never in its own database, but in scratch databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmig.config import Config
from sqlmig.engine.databases.likeness import Likeness, likeness_of
from sqlmig.engine.databases.scratch import ScratchServer, scratch_server
from sqlmig.target.address import conninfo, server_for_tests


@contextmanager
def scratch_beside(config: Config, scratch_url: str | None) -> Iterator[ScratchServer]:
    """The server for scratch databases: that of `scratch_url` if given, else the target's or, if no
    database is named, the project's embedded one.

    Others use that server, unless it was given for this. The databases encode, sort and compare
    text as the target does, and their sessions start with the settings of the target's database
    (ALTER DATABASE … SET).
    """
    is_given = scratch_url is not None
    target = conninfo(config) if config.database is not None else None
    likeness = Likeness() if target is None else likeness_of(target, elsewhere=is_given)
    url = scratch_url if is_given else target
    if url is None:
        url = server_for_tests(config).start().url or ""
    with scratch_server(url, likeness, is_shared=not is_given) as server:
        yield server
