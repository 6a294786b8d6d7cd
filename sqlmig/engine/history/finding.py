"""Finds the schema that has, or will have, a project's bookkeeping tables.

One query reads only the catalogs. It looks at the named schema, or else at the schemas of
search_path. It does not count the other schemas, of which a database may have thousands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from sqlmig.engine.history.damage import refuse_damaged
from sqlmig.engine.history.reading import History
from sqlmig.engine.history.tables import (
    DETAILS,
    MIGRATIONS,
    OWN_TABLES,
    STATE,
    FoundTable,
    damage_of,
)
from sqlmig.engine.server.connection import Connection
from sqlmig.engine.server.prepared import PreparedStatements
from sqlmig.errors import ConfigError, ExecutionError, HistoryError

_NOTICES_LOST_CLIENTS_SINCE = 140000
_NAMED = 5

# Setting a parameter, even to its current value, protects it from a reload of the configuration.
_SURVEY = f"""
WITH place AS (
  SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
   WHERE n.nspname = %(schema)s::text
      OR %(schema)s::text IS NULL AND n.nspname = ANY (current_schemas(false))
)
SELECT current_schema(),
       current_schemas(false)::text[],
       current_setting('search_path'),
       current_user::text,
       current_setting('server_version_num')::int,
       set_config('standard_conforming_strings', current_setting('standard_conforming_strings'),
                  false),
       pg_backend_pid(),
       version() LIKE '%%linux%%',
       EXISTS (SELECT FROM place),
       (SELECT coalesce(jsonb_agg(jsonb_build_array(
                 p.nspname, c.relname, c.relkind,
                 (SELECT coalesce(jsonb_object_agg(a.attname, t.typname), '{{}}')
                    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
                 (SELECT coalesce(jsonb_agg(a.attname), '[]')
                    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a
                      ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                   WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
                     AND i.indpred IS NULL AND i.indnkeyatts = 1),
                 row_security_active(c.oid),
                 has_table_privilege(c.oid, 'SELECT'))), '[]')
          FROM pg_catalog.pg_class c JOIN place p ON p.oid = c.relnamespace
         WHERE c.relname = ANY (%(tables)s)),
       (SELECT coalesce(array_agg(nspname::text), '{{}}') FROM (
          SELECT DISTINCT n.nspname
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
           WHERE %(schema)s::text IS NULL AND c.relname IN ('{MIGRATIONS}', '{DETAILS}')
             AND c.relpersistence <> 't' AND n.nspname <> ALL (current_schemas(false))
           LIMIT {_NAMED + 1}) o)
"""  # noqa: S608

_OTHERS = """
SELECT n.nspname::text
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relname = %s AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname <> %s
"""

_MADE_WITH = """
SELECT value = to_jsonb(%s::text[]) FROM {schema}.{state} WHERE key = 'search_path'
"""
_NAME = re.compile(r'"((?:[^"]|"")*)"|([^\s,"]+)')


@dataclass(frozen=True, slots=True)
class _Survey:
    """What the database reports. `path` are the schemas of search_path that exist and that the role
    may use, `tables` the history tables in them or in the named schema, `outside` some of the other
    schemas that have a history."""

    current: str | None
    path: Sequence[str]
    search_path: str
    role: str
    server_version: int
    conforming: str
    pid: int
    is_linux: bool
    schema_exists: bool
    tables: Sequence[Sequence[Any]]
    outside: Sequence[str]

    def tables_in(self, schema: str) -> dict[str, FoundTable]:
        """The tables of the history in that schema, by name."""
        found = (FoundTable.of(row) for row in self.tables)
        return {table.name: table for table in found if table.schema == schema}

    def names(self) -> list[str]:
        """All names in search_path, whether or not the schemas exist."""
        found = _NAME.findall(self.search_path)
        names = [quoted.replace('""', '"') or plain.lower() for quoted, plain in found]
        return [self.role if name == "$user" else name for name in names]


def find_history(connection: Connection, schema: str | None) -> History:
    """The history in the given schema. Without one: the history in the current schema, or else the
    one that was made with the same search_path. If no schema has a history, it will be created in
    the current schema.

    Only reads. Raises ConfigError if it is not clear which history is meant, or there is no current
    schema; HistoryError if the history is damaged or hidden by row level security; and
    ExecutionError for a server without standard_conforming_strings.
    """
    parameters = {"schema": schema, "tables": list(OWN_TABLES)}
    survey = _Survey(*connection.execute(_SURVEY, parameters).fetchall()[0])
    _refuse_other_strings(survey.conforming)
    is_pooled = survey.pid != connection.info.backend_pid
    if is_pooled:
        _refuse_other_dates(connection)
    chosen = _chosen(survey, connection) if schema is None else schema
    tables = survey.tables_in(chosen)
    refuse_damaged(chosen, damage_of(tables))
    _refuse_hidden(chosen, tables)
    return History(
        connection,
        chosen,
        survey.server_version,
        is_pooled=is_pooled,
        notices_lost_clients=survey.is_linux
        and survey.server_version >= _NOTICES_LOST_CLIENTS_SINCE,
        schema_exists=survey.schema_exists or schema is None,
        search_path=tuple(survey.names()),
        current_schema=survey.current,
        tables=tables,
        prepared=PreparedStatements(connection),
    )


def other_histories(history: History) -> list[str]:
    """The other schemas of the database that have a history."""
    rows = history.connection.execute(_OTHERS, (MIGRATIONS, history.schema)).fetchall()
    return [name for (name,) in rows]


def refuse_to_displace(history: History) -> None:
    """Raises ConfigError if creating the history's schema would make it the current schema, so that
    migrations would create their tables in it."""
    names, schema, current = history.search_path, history.schema, history.current_schema
    if history.schema_exists or current is None or schema not in names:
        return
    if current not in names or names.index(schema) < names.index(current):
        raise ConfigError(
            f"history_schema = {schema!r}: sqlmig would create this schema, and search_path has it "
            f"before {current}: migrations would create their tables in it",
            remedy="Choose another name for the history, such as "
            f"'{schema}_history'. If the tables belong in {schema}, create that schema first.",
        )


def refuse_elsewhere(history: History, schema: str) -> None:
    """Raises ConfigError if a session that should start in that schema is not in it."""
    if history.current_schema == schema:
        return
    if history.search_path[:1] != (schema,):
        raise ConfigError(
            f"the session is not in the schema {schema}: its search_path is "
            f"{', '.join(history.search_path)}, as if the connection's `options` were dropped",
            remedy="Nothing was touched. A pooler may do that: use the URL of the server itself.",
        )
    if not history.schema_exists:
        raise ConfigError(
            f"the schema {schema} does not exist", remedy=f"Create it: CREATE SCHEMA {schema};"
        )
    raise ConfigError(
        f"this role may not use the schema {schema}",
        remedy=f"Grant it: GRANT USAGE, CREATE ON SCHEMA {schema} TO …;",
    )


def _chosen(survey: _Survey, connection: Connection) -> str:
    having = [
        name for name in survey.path if not {MIGRATIONS, DETAILS}.isdisjoint(survey.tables_in(name))
    ]
    if having and (having[0] == survey.current or _made_with(survey, connection, having[0])):
        return having[0]
    if having:
        raise ConfigError(
            f"the schema {having[0]} has a history, but the current schema is {survey.current}, "
            "which has none",
            remedy=_both_ways(survey, having[0]),
        )
    if survey.outside:
        named = sorted(survey.outside)
        others = ", and others" if len(named) > _NAMED else ""
        raise ConfigError(
            f"no schema of search_path has a history, but others have: "
            f"{', '.join(named[:_NAMED])}{others}",
            remedy=_both_ways(survey, named[0]),
        )
    if survey.current is None:
        raise ConfigError(
            "there is no current schema for the history: search_path names no existing schema",
            remedy="Name one with the setting `history_schema`.",
        )
    return survey.current


def _both_ways(survey: _Survey, other: str) -> str:
    own = survey.current or next(iter(survey.names()), "NAME")
    return (
        f'For a history of its own, set history_schema = "{own}". To use the one that is there: '
        f'history_schema = "{other}".'
    )


def _made_with(survey: _Survey, connection: Connection, schema: str) -> bool:
    """Whether that history was made with this search_path: a migration may have created a schema
    that comes before it."""
    if STATE not in survey.tables_in(schema):
        return False
    query = sql.SQL(_MADE_WITH).format(schema=sql.Identifier(schema), state=sql.Identifier(STATE))
    return connection.execute(query, (survey.names(),)).fetchone() == (True,)


def _refuse_hidden(schema: str, tables: Mapping[str, FoundTable]) -> None:
    hidden = [table.name for table in tables.values() if table.is_hidden]
    if hidden:
        raise HistoryError(
            f"row level security may hide rows of the history in the schema {schema} from this "
            f"role: {', '.join(hidden)}",
            remedy="Nothing was run. Use a role with BYPASSRLS, or turn it off for these tables: "
            "ALTER TABLE … DISABLE ROW LEVEL SECURITY; for their owner, ALTER TABLE … NO FORCE "
            "ROW LEVEL SECURITY.",
        )


def _refuse_other_strings(conforming: str) -> None:
    if conforming != "on":
        raise ExecutionError(
            "standard_conforming_strings is off on this server, which changes what scripts mean",
            remedy="Set it on for this database: ALTER DATABASE … SET "
            "standard_conforming_strings = on.",
        )


def _refuse_other_dates(connection: Connection) -> None:
    """Refuses a DateStyle other than ISO. Other sessions set it; a pooler's sessions are shared."""
    style = connection.info.parameter_status("DateStyle") or ""
    if not style.startswith("ISO"):
        raise ExecutionError(
            f"this connection goes through a pooler, whose sessions write dates with DateStyle = "
            f"{style}, which sqlmig cannot read",
            remedy="Give the URL of the server itself, or set it for the role: ALTER ROLE … SET "
            "DateStyle = 'ISO'.",
        )
