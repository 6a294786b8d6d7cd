"""Drift: how the live schema has changed without a migration.

A stored snapshot would not do: a manual change would be stored with the next migration. So the
recorded migrations run again on a scratch database, and both schemas are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmig.config import Config
from sqlmig.engine.history.foreign import foreign_histories
from sqlmig.engine.history.reading import History
from sqlmig.engine.history.tables import MIGRATIONS
from sqlmig.engine.server.connection import opened
from sqlmig.plan import PlannedMigration
from sqlmig.proof.catalog import session_role, snapshot
from sqlmig.proof.difference import Difference, differences
from sqlmig.proof.replay import staged
from sqlmig.proof.scope import refuse_absent, scope_of
from sqlmig.proof.scratch import scratch_beside

_OWNER = """
SELECT pg_catalog.pg_get_userbyid(relowner) FROM pg_catalog.pg_class
 WHERE relname = %s AND relnamespace = pg_catalog.to_regnamespace(quote_ident(%s))
"""


@dataclass(frozen=True, slots=True)
class Drift:
    """How the live schema differs from the result of the applied `migrations`. `warnings` name
    scratch databases that could not be dropped; `left_out` are history tables of other tools, which
    are not compared."""

    migrations: tuple[str, ...]
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def drift(
    config: Config,
    history: History,
    applied: Sequence[PlannedMigration],
    pending: Sequence[str] = (),
    *,
    scratch_url: str | None = None,
) -> Drift:
    """The drift of the database of `history`, on which `applied` have run in that order, and
    `pending` have not.

    The owner of the history counts as the role that applies migrations, in both databases, so its
    name makes no difference. Writes only to a scratch database. Raises ExecutionError if a
    migration cannot run again, and BeyondDatabaseError for one that changes more than its database,
    which is undone.
    """
    left_out = tuple(map(str, foreign_histories(history.connection)))
    with (
        scratch_beside(config, scratch_url) as server,
        staged(server, config, history.schema) as stage,
    ):
        stage.replay(applied, pending)
        with opened(stage.url) as connection:
            refuse_absent(config.schemas, history.connection, connection)
            scope = scope_of(config.schemas, history, connection)
            replayed = snapshot(connection, session_role(connection), scope)
    live = snapshot(history.connection, _owner(history), scope)
    found = differences(replayed, live)
    drifted = tuple(each for each in found if not stage.given.covers(each, replayed))
    ids = tuple(planned.migration_id for planned in applied)
    return Drift(ids, drifted, server.warnings, left_out)


def _owner(history: History) -> str:
    """The owner of the history; if there is none, the role of this session."""
    connection = history.connection
    row = connection.execute(_OWNER, (MIGRATIONS, history.schema)).fetchone()
    return str(row[0]) if row else session_role(connection)
