"""Reads a history: the bookkeeping tables of one schema.

yoyo's own tables are kept as yoyo keeps them, and `_yoyo_migration` decides what is applied. Our
tables are in the same schema and hold more: checksum, texts, progress.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from sqlmig.engine.history import damage
from sqlmig.engine.history.order import in_order_of_application
from sqlmig.engine.history.tables import (
    DETAILS,
    EVENTS,
    LOG,
    MIGRATIONS,
    SEEDS,
    STATE,
    VERSION,
    FoundTable,
)
from sqlmig.engine.server.connection import Connection, server_message
from sqlmig.engine.server.prepared import PreparedStatements
from sqlmig.engine.server.remedies import is_hidden
from sqlmig.engine.server.savepoint import Savepoint
from sqlmig.errors import ConfigError, ServerError
from sqlmig.model import AppliedMigration, AppliedSeed, Environment, checksum

# A mark and its detail have the same time. A detail with another time belongs to a mark that yoyo
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
"""

_READ_OF_YOYO_ALONE: LiteralString = "SELECT migration_id, applied_at_utc FROM {migrations}"

# Rows are only ever added to the log, so they are mostly stored in the order of writing.
_LOGGED: LiteralString = """
SELECT migration_id FROM {log} WHERE operation NOT IN ('rollback', 'unmark')
 GROUP BY migration_id ORDER BY max(ctid)
"""

_TEXTS: LiteralString = """
SELECT migration_id, apply_sql, rollback_sql FROM {details} WHERE migration_id = ANY (%(ids)s)
"""

_STAMP: LiteralString = "SELECT value #>> '{{}}' FROM {state} WHERE key = 'environment'"

# The progress of repeated migrations that are partly applied, each as {"rows": …, "most": …}.
_ROWS: LiteralString = """
SELECT substr(key, length(%(prefix)s) + 1), (value ->> 'rows')::bigint, (value ->> 'most')::bigint
  FROM {state} WHERE starts_with(key, %(prefix)s)
"""
ROWS_KEY = "rows of "

_SEEDS: LiteralString = "SELECT seed, checksum, seeded_at FROM {seeds} ORDER BY seed"


# The tables that read-only commands read; the others are only written.
_LOOKED_AT = (MIGRATIONS, LOG, DETAILS, STATE, SEEDS)


@dataclass(frozen=True, slots=True)
class History:
    """The bookkeeping tables of one schema, as found on that connection.

    `schema` is where they are or would be created; `server_version` is a number such as 150018.
    `is_pooled` says that the connection goes through a pooler: the server's process is not the one
    that answered when connecting. `notices_lost_clients`: on Linux, the server can detect during a
    statement that its client is gone. `search_path` has all its names, whether or not the schemas
    exist; `tables` are those that exist, by name. `prepared` are the prepared statements;
    `savepoint` is set before each script. With a `scope`, the guard looks only at the tables of
    that schema.
    """

    connection: Connection
    schema: str
    server_version: int
    is_pooled: bool
    notices_lost_clients: bool
    schema_exists: bool
    search_path: tuple[str, ...]
    current_schema: str | None
    tables: Mapping[str, FoundTable]
    prepared: PreparedStatements = field(repr=False, compare=False)
    scope: str | None = None
    savepoint: Savepoint = field(default_factory=Savepoint, repr=False, compare=False)
    _templates: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def exists(self) -> bool:
        """Whether yoyo's tables exist."""
        return MIGRATIONS in self.tables

    @property
    def is_complete(self) -> bool:
        """Whether our own tables exist."""
        return DETAILS in self.tables

    def prepare(self, query: LiteralString) -> None:
        """Prepares that query, so that `sql` returns a call of the prepared statement."""
        self.prepared.prepare(query, self._template(query))

    def sql(self, query: LiteralString, **parameters: object) -> str:
        """A query with the tables' qualified names and the parameters filled in."""
        if (execution := self.prepared.execution(query, parameters)) is not None:
            return execution
        if query not in self._templates:
            self._templates[query] = self._template(query)
        return psycopg.ClientCursor(self.connection).mogrify(self._templates[query], parameters)

    def read(self) -> list[AppliedMigration]:
        """All rows in the order of application, without texts; [] if there is no history. Raises
        HistoryError."""
        self.refuse_unsound()
        if not self.exists:
            return []
        query = _READ if self.is_complete else _READ_OF_YOYO_ALONE
        rows = [_applied(row) for row in self._rows(self.sql(query))]
        return self._with_rows(in_order_of_application(rows, self._logged))

    def _with_rows(self, found: list[AppliedMigration]) -> list[AppliedMigration]:
        """Adds the number of rows that repeated migrations have written so far."""
        if not (self.is_complete and any(row.is_partial for row in found)):
            return found
        written = {name: rows for name, *rows in self._rows(self.sql(_ROWS, prefix=ROWS_KEY))}
        return [
            replace(row, rows_done=done, most_rows=most)
            for row in found
            for done, most in (written.get(row.migration_id, (None, None)),)
        ]

    def refuse_unsound(self) -> None:
        """Raises HistoryError for a history that is newer than this version, or has values that no
        version writes."""
        versions = (
            (STATE, damage.FORMAT, "the format in", damage.FORMAT_VERSION),
            (VERSION, damage.VERSION, "the version in", damage.YOYO_VERSION),
        )
        for table, query, what, known in versions:
            if table in self.tables and self.tables[table].is_readable:
                for (found,) in self._rows(self.sql(query)):
                    damage.refuse_other_version(self.schema, f"{what} {table}", found, known)
        if self.exists:
            damage.refuse_values(self.schema, self._rows(self.sql(damage.OF_MARKS)))
        if self.is_complete:
            damage.refuse_values(self.schema, self._rows(self.sql(damage.OF_DETAILS)))
        if self.is_complete and not self.exists and self._rows(self.sql(damage.OF_LOST_MARKS)):
            damage.refuse_damaged(self.schema, [f"the table {MIGRATIONS} is missing"])

    def with_texts(
        self, rows: Sequence[AppliedMigration], migration_ids: Iterable[str]
    ) -> list[AppliedMigration]:
        """The same rows, with the recorded texts of the given ids. Raises HistoryError for a
        rollback that does not match its checksum."""
        ids = list(migration_ids)
        if not ids or not self.is_complete:
            return list(rows)
        found = {
            migration_id: {"apply_sql": apply_sql, "rollback_sql": rollback_sql}
            for migration_id, apply_sql, rollback_sql in self._rows(self.sql(_TEXTS, ids=ids))
        }
        read = [replace(row, **found.get(row.migration_id, {})) for row in rows]
        damage.refuse_damaged(self.schema, (text for row in read for text in _other_texts(row)))
        return read

    def stamp(self) -> Environment | None:
        """The environment in the database's stamp. Raises ConfigError if it does not exist."""
        if not self.is_complete:
            return None
        for (name,) in self._rows(self.sql(_STAMP)):
            return _environment(name)
        return None

    def has_rows(self) -> bool:
        """Whether anything was ever recorded here, even if all of it has been rolled back since."""
        families = ("migrations", self.exists), ("log", self.exists), ("details", self.is_complete)
        looks = [f"EXISTS (SELECT FROM {{{table}}})" for table, is_there in families if is_there]
        return bool(looks) and bool(self._rows(self.sql(f"SELECT 1 WHERE {' OR '.join(looks)}")))

    def seeds(self) -> list[AppliedSeed]:
        """What the history records of seeds."""
        if not self.is_complete:
            return []
        damage.refuse_values(self.schema, self._rows(self.sql(damage.OF_SEEDS)))
        return [AppliedSeed(*row) for row in self._rows(self.sql(_SEEDS))]

    def _template(self, query: LiteralString) -> bytes:
        """The query with the tables' names, made once because every migration uses it."""
        schema = self.schema.replace("%", "%%")  # parameters are filled in later
        tables = {
            "migrations": sql.Identifier(schema, MIGRATIONS),
            "log": sql.Identifier(schema, LOG),
            "version": sql.Identifier(schema, VERSION),
            "details": sql.Identifier(schema, DETAILS),
            "state": sql.Identifier(schema, STATE),
            "seeds": sql.Identifier(schema, SEEDS),
            "events": sql.Identifier(schema, EVENTS),
        }
        return sql.SQL(query).format(**tables).as_bytes(self.connection)

    def _logged(self) -> list[str]:
        """The ids in the order of their last log row; empty if the log cannot be read."""
        if not self.tables[LOG].is_readable:
            return []
        return [migration_id for (migration_id,) in self._rows(self.sql(_LOGGED))]

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        """Raises ServerError if the role lacks a privilege, naming those that reading needs."""
        try:
            return self.connection.execute(query.encode()).fetchall()
        except psycopg.errors.InsufficientPrivilege as error:
            message = server_message(error)
            if is_hidden(message):
                raise
            raise ServerError(
                f"this role cannot read the history: {message}",
                server=message,
                remedy=f"Reading it requires these privileges: {self._grants()}",
            ) from error

    def _grants(self) -> str:
        """The statements that grant this session's role the privileges to read the history."""
        tables = [name for name in _LOOKED_AT if name in self.tables]
        grants = sql.SQL("GRANT USAGE ON SCHEMA {0} TO {1}; GRANT SELECT ON {2} TO {1};").format(
            sql.Identifier(self.schema),
            sql.Identifier(self.connection.info.user),
            sql.SQL(", ").join(sql.Identifier(self.schema, table) for table in tables),
        )
        return grants.as_string(self.connection)


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


def _other_texts(row: AppliedMigration) -> Iterable[str]:
    """Damage in the rollback, which would run; the migration's text is only compared, or replayed
    in another database."""
    text = row.rollback_sql
    if text is not None and checksum(text) != row.rollback_checksum:
        yield f"{DETAILS}.rollback_sql of {row.migration_id} does not match its checksum"
