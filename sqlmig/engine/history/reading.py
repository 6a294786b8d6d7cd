"""The bookkeeping tables: where they are, and what they say.

yoyo's own tables are kept as yoyo would, and `_yoyo_migration` is the truth of what is applied.
Ours are beside them in the same schema and hold more: checksum, texts, progress.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from sqlmig.engine.server.connection import Connection
from sqlmig.engine.server.prepared import PreparedStatements
from sqlmig.engine.server.savepoint import Savepoint
from sqlmig.errors import ConfigError, ExecutionError
from sqlmig.model import AppliedMigration, AppliedSeed, Environment

_NOTICES_LOST_CLIENTS_SINCE = 140000

MIGRATIONS = "_yoyo_migration"
LOG = "_yoyo_log"
VERSION = "_yoyo_version"
LOCK = "yoyo_lock"  # made by yoyo itself where it runs, never by sqlmig
DETAILS = "_sqlmig_migration"
STATE = "_sqlmig_state"
SEEDS = "_sqlmig_seed"
EVENTS = "_sqlmig_event"
_OURS = (DETAILS, STATE, SEEDS, EVENTS)
# All tables that sqlmig and yoyo keep in the schema of a history, and no others.
OWN_TABLES = (MIGRATIONS, LOG, VERSION, LOCK, *_OURS)

# A setting that is set in the session, if only to what it was, does not follow the configuration.
_SURVEY = """
SELECT current_schema(),
       current_setting('server_version_num')::int,
       set_config('standard_conforming_strings', current_setting('standard_conforming_strings'),
                  false),
       pg_backend_pid(),
       version() LIKE '%%linux%%',
       (SELECT array_agg(nspname::text) FROM pg_catalog.pg_namespace),
       (SELECT coalesce(array_agg(ARRAY[c.relname, n.nspname]::text[] ORDER BY n.nspname), '{}')
          FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relname = ANY (%(tables)s) AND c.relkind IN ('r', 'p')
           AND c.relpersistence <> 't')
"""

# A mark and its detail are written with one time; one of another time belongs to a mark that yoyo
# has removed since.
_READ: LiteralString = """
SELECT y.migration_id, y.applied_at_utc AS applied_at, d.applied_by, d.duration_ms, d.checksum,
       NULL, NULL, d.rollback_checksum, NULL::int, NULL::int, NULL::int
  FROM {migrations} y LEFT JOIN {details} d
    ON d.migration_id = y.migration_id AND d.applied_at AT TIME ZONE 'UTC' = y.applied_at_utc
 UNION ALL
SELECT d.migration_id, NULL, d.applied_by, NULL, d.checksum, NULL, NULL, d.rollback_checksum,
       d.statements_done, d.statements_begun, d.statements_total
  FROM {details} d
 WHERE d.statements_begun > 0
   AND NOT EXISTS (SELECT FROM {migrations} y WHERE y.migration_id = d.migration_id)
 ORDER BY applied_at NULLS LAST, 1
"""

_READ_OF_YOYO_ALONE: LiteralString = """
SELECT migration_id, applied_at_utc FROM {migrations} ORDER BY applied_at_utc, migration_id
"""

_TEXTS: LiteralString = """
SELECT migration_id, apply_sql, rollback_sql FROM {details} WHERE migration_id = ANY (%(ids)s)
"""

_STAMP: LiteralString = "SELECT value #>> '{{}}' FROM {state} WHERE key = 'environment'"

# Of repeated migrations that are partly applied: {"rows": …, "most": …} for each.
_ROWS: LiteralString = """
SELECT substr(key, length(%(prefix)s) + 1), (value ->> 'rows')::bigint, (value ->> 'most')::bigint
  FROM {state} WHERE starts_with(key, %(prefix)s)
"""
ROWS_KEY = "rows of "

_SEEDS: LiteralString = "SELECT seed, checksum, seeded_at FROM {seeds} ORDER BY seed"


@dataclass(frozen=True, slots=True)
class History:
    """The bookkeeping tables of one schema, as they were found on that connection.

    `schema` is where they are or would be made; `server_version` as in 150018. `is_pooled` says
    that a pooler is between: the server's process is not the one that greeted us. On Linux the
    server can notice that its client is gone while a statement runs (`notices_lost_clients`).
    `exists` is about yoyo's tables, `has_log` about its log, `has_details` about our details;
    `is_complete` says that none of our tables is missing. `prepared` are the statements that are
    already planned; `savepoint` precedes each script.
    """

    connection: Connection
    schema: str
    server_version: int
    is_pooled: bool
    notices_lost_clients: bool
    schema_exists: bool
    exists: bool
    has_log: bool
    has_details: bool
    is_complete: bool
    prepared: PreparedStatements = field(repr=False, compare=False)
    savepoint: Savepoint = field(default_factory=Savepoint, repr=False, compare=False)
    _templates: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def prepare(self, query: LiteralString) -> None:
        """Has `sql` return the call of a prepared statement for that query."""
        self.prepared.prepare(query, self._template(query))

    def sql(self, query: LiteralString, **parameters: object) -> str:
        """A query with the tables' qualified names and the parameters put in."""
        if (execution := self.prepared.execution(query, parameters)) is not None:
            return execution
        if query not in self._templates:
            self._templates[query] = self._template(query)
        return psycopg.ClientCursor(self.connection).mogrify(self._templates[query], parameters)

    def read(self) -> list[AppliedMigration]:
        """All rows in the order of application, without texts; [] where there is no history."""
        if not self.exists:
            return []
        query = _READ if self.has_details else _READ_OF_YOYO_ALONE
        return self._with_rows([_applied(row) for row in self._rows(self.sql(query))])

    def _with_rows(self, found: list[AppliedMigration]) -> list[AppliedMigration]:
        """The same, with what repeated migrations have written so far."""
        if not (self.is_complete and any(row.is_partial for row in found)):
            return found
        written = {name: rows for name, *rows in self._rows(self.sql(_ROWS, prefix=ROWS_KEY))}
        return [
            replace(row, rows_done=done, most_rows=most)
            for row in found
            for done, most in (written.get(row.migration_id, (None, None)),)
        ]

    def with_texts(
        self, rows: Sequence[AppliedMigration], migration_ids: Iterable[str]
    ) -> list[AppliedMigration]:
        """The same rows, those of the given ids with their recorded texts."""
        ids = list(migration_ids)
        if not ids or not self.has_details:
            return list(rows)
        found = {
            migration_id: {"apply_sql": apply_sql, "rollback_sql": rollback_sql}
            for migration_id, apply_sql, rollback_sql in self._rows(self.sql(_TEXTS, ids=ids))
        }
        return [replace(row, **found.get(row.migration_id, {})) for row in rows]

    def stamp(self) -> Environment | None:
        """The environment that the database is stamped as. Raises ConfigError for no such one."""
        if not self.is_complete:
            return None
        for (name,) in self._rows(self.sql(_STAMP)):
            return _environment(name)
        return None

    def has_rows(self) -> bool:
        """Whether anything was ever recorded here, even if it was all rolled back since."""
        tables = ("migrations", self.exists), ("log", self.has_log), ("details", self.has_details)
        looks = [f"EXISTS (SELECT FROM {{{table}}})" for table, is_there in tables if is_there]
        return bool(looks) and bool(self._rows(self.sql(f"SELECT 1 WHERE {' OR '.join(looks)}")))

    def seeds(self) -> list[AppliedSeed]:
        """What the history records of seeds."""
        if not self.is_complete:
            return []
        return [AppliedSeed(*row) for row in self._rows(self.sql(_SEEDS))]

    def _template(self, query: LiteralString) -> bytes:
        """The query with the tables' names, which is made once: every migration has its record."""
        schema = self.schema.replace("%", "%%")  # for the parameters that are put in after it
        tables = {
            "migrations": sql.Identifier(schema, MIGRATIONS),
            "log": sql.Identifier(schema, LOG),
            "details": sql.Identifier(schema, DETAILS),
            "state": sql.Identifier(schema, STATE),
            "seeds": sql.Identifier(schema, SEEDS),
            "events": sql.Identifier(schema, EVENTS),
        }
        return sql.SQL(query).format(**tables).as_bytes(self.connection)

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode()).fetchall()


def find_history(connection: Connection, schema: str | None) -> History:
    """The history in the given schema, else in the one that has one, else in the current one.

    Reads only. Raises ConfigError where several schemas have a history or there is no current
    schema, and ExecutionError for a server whose strings do not conform to the standard.
    """
    current, server_version, conforming, pid, is_linux, schemas, tables = connection.execute(
        _SURVEY, {"tables": [MIGRATIONS, LOG, *_OURS]}
    ).fetchall()[0]
    _refuse_other_strings(conforming)
    is_pooled = pid != connection.info.backend_pid
    if is_pooled:
        _refuse_other_dates(connection)
    places = {(name, place) for name, place in tables}
    chosen = schema or _only_history(sorted(p for n, p in places if n == MIGRATIONS)) or current
    if chosen is None:
        raise ConfigError(
            "there is no current schema for the history: search_path names no existing schema",
            remedy="Name one with the setting `history_schema`.",
        )
    return History(
        connection,
        chosen,
        server_version,
        is_pooled=is_pooled,
        notices_lost_clients=is_linux and server_version >= _NOTICES_LOST_CLIENTS_SINCE,
        schema_exists=chosen in schemas,
        exists=(MIGRATIONS, chosen) in places,
        has_log=(LOG, chosen) in places,
        has_details=(DETAILS, chosen) in places,
        is_complete=all((table, chosen) in places for table in _OURS),
        prepared=PreparedStatements(connection),
    )


def _refuse_other_strings(conforming: str) -> None:
    if conforming != "on":
        raise ExecutionError(
            "standard_conforming_strings is off on this server, which changes what scripts mean",
            remedy="Set it on for this database: ALTER DATABASE … SET "
            "standard_conforming_strings = on.",
        )


def _refuse_other_dates(connection: Connection) -> None:
    """Elsewhere this is set in the session; a pooler's sessions are not ours alone."""
    style = connection.info.parameter_status("DateStyle") or ""
    if not style.startswith("ISO"):
        raise ExecutionError(
            f"this connection goes through a pooler, whose sessions write dates as DateStyle = "
            f"{style} has it, which sqlmig cannot read",
            remedy="Give the URL of the server itself, or set it for the role: ALTER ROLE … SET "
            "DateStyle = 'ISO'.",
        )


def _only_history(schemas: Sequence[str]) -> str | None:
    if len(schemas) > 1:
        raise ConfigError(
            f"several schemas of this database have a history: {', '.join(schemas)}",
            remedy="Choose one with the setting `history_schema`.",
        )
    return schemas[0] if schemas else None


def _environment(name: str) -> Environment:
    try:
        return Environment(name)
    except ValueError:
        raise ConfigError(
            f"the database is stamped with an environment that does not exist: {name!r}",
            remedy="Set its environment: sqlmig environment set NAME.",
        ) from None


def _applied(row: tuple[Any, ...]) -> AppliedMigration:
    migration_id, applied_at, *others = row
    return AppliedMigration(migration_id, applied_at and applied_at.replace(tzinfo=UTC), *others)
