"""The script that creates what the targets of a database share: extensions, functions.

It runs before the first migration of a run, once for each database and under one lock, even if
several runners begin at the same time.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass, field

from sqlmig.config import Config
from sqlmig.engine.database import SHARED_SCHEMA, Database
from sqlmig.engine.run.alone import LoneScript, run_alone
from sqlmig.engine.run.limits import Retries
from sqlmig.engine.server.connection import Connection, translated
from sqlmig.engine.server.failure import ScriptError
from sqlmig.engine.server.remedies import remedy_for
from sqlmig.errors import PreparationError
from sqlmig.model import SilentObserver
from sqlmig.source.directives import FileKind

# Held until the transaction ends, so it also works behind a pooler.
_LOCK = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('sqlmig:fleet', 0))"


@dataclass(slots=True)
class Preparation:
    """Runs the script in each database once, whichever thread comes first."""

    script: LoneScript | None
    _turns: dict[Hashable, threading.Lock] = field(default_factory=dict)
    _done: set[Hashable] = field(default_factory=set)

    @classmethod
    def of(cls, config: Config) -> Preparation:
        """The preparation of the project. Raises SourceError if its script cannot be used."""
        return cls(LoneScript.read(config.preparation_file, FileKind.PREPARATION))

    def ensure(self, database: Hashable, config: Config) -> None:
        """Returns once the script has run in that database, to which `config` leads. Raises
        PreparationError, and what connecting raises."""
        if self.script is None:
            return
        with self._turns.setdefault(database, threading.Lock()):
            if database not in self._done:
                with Database(config, schema=SHARED_SCHEMA).connect() as connection:
                    _run(connection, self.script, config)
                self._done.add(database)


def _run(connection: Connection, script: LoneScript, config: Config) -> None:
    lock = f"SET LOCAL lock_timeout = '{config.lock_timeout}';{_LOCK}"
    retries = Retries(config.lock_tries, SilentObserver())
    while True:
        try:
            with translated(connection):
                run_alone(connection, script, lock)
        except ScriptError as failure:
            if not retries.allow(failure):
                raise _told(failure, connection) from failure
            retries.pause([script.name], failure)
        else:
            return


def _told(failure: ScriptError, connection: Connection) -> PreparationError:
    known = remedy_for(failure.server, connection) if failure.server else ""
    fix = f"Fix {failure.script.name}, which the setting `preparation` of the fleet names."
    return PreparationError(
        failure.message,
        location=failure.location,
        server=failure.server,
        remedy=f"It was undone, and no migration was run. {known or fix}",
    )
