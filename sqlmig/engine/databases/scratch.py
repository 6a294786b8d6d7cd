"""Scratch databases: made under names of their own on some server, and dropped at the end."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sqlmig.engine.server.connection import opened, server_message, translated
from sqlmig.errors import DatabaseUnavailableError, ServerError

PREFIX = "sqlmig_scratch_"
# The contents of a scratch database are not needed after a crash of the server.
_FAST = "synchronous_commit=off"

# What `ALTER DATABASE … SET` and `ALTER ROLE … IN DATABASE … SET` have this role's sessions of that
# database begin with, such as a search_path. What the role alone has set goes before the former,
# and holds in scratch databases by itself. A client may not ask for what only superusers may set
# or see.
_SETTINGS = """
WITH setting AS (
  SELECT s.setrole, s.setdatabase, c.line, split_part(c.line, '=', 1) AS name
    FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) c (line)
   WHERE s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))
     AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database
                                WHERE datname = current_database()))
), ranked AS (
  SELECT DISTINCT ON (name) * FROM setting ORDER BY name, setdatabase > 0 AND setrole > 0 DESC,
         setrole DESC, setdatabase DESC
)
SELECT line FROM ranked LEFT JOIN pg_catalog.pg_settings p USING (name)
 WHERE setdatabase > 0 AND (coalesce(p.context = 'user', name LIKE '%.%')
                            OR pg_catalog.has_parameter_privilege(name, 'SET'))
 ORDER BY name
"""

# Whether a column has to be rewritten can depend on it, and another server may have another one.
_TIME_ZONE = "SELECT 'TimeZone=' || reset_val FROM pg_catalog.pg_settings WHERE name = 'TimeZone'"


class ScratchServer:
    """Where scratch databases are made; `url` names a database of it that is only connected to.

    Where it `is_shared`, others use its other databases. `settings` are those that every session in
    a scratch database begins with, as `name=value`. `warnings` name the databases that could not
    be dropped at the end, and say why.
    """

    def __init__(self, url: str, settings: Sequence[str] = (), *, is_shared: bool = True) -> None:
        self.is_shared = is_shared
        self.warnings: tuple[str, ...] = ()
        self._url = url
        self._settings = (*settings, _FAST)
        self._names: list[str] = []

    def create(self, template: str | None = None) -> str:
        """Makes a database, as a copy of another scratch database if one is given; its name."""
        name = f"{PREFIX}{os.getpid()}_{secrets.token_hex(4)}"
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._execute(statement)
        self._names.append(name)
        return name

    def drop(self, name: str) -> None:
        """Drops a database that `create` made, with the sessions that are still in it."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        self._names.remove(name)

    def drop_all(self) -> None:
        """Drops every database that is left; those that stay are among the warnings."""
        for name in tuple(self._names):
            try:
                self.drop(name)
            except (DatabaseUnavailableError, ServerError) as error:
                self.warnings += (_left(name, error.message),)

    def url_of(self, name: str) -> str:
        """How to reach that database."""
        given = conninfo_to_dict(self._url).get("options") or ""
        options = " ".join(f"-c {_escaped(setting)}" for setting in self._settings)
        return make_conninfo(self._url, dbname=name, options=f"{given} {options}".strip())

    def _execute(self, statement: sql.Composed) -> None:
        with opened(self._url) as connection, translated():
            try:
                connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege as error:
                raise ServerError(
                    "this role may not create a scratch database (42501)",
                    server=server_message(error),
                    remedy="Grant it CREATEDB, or name another server with --scratch-url.",
                ) from error


@contextmanager
def scratch_server(
    url: str, settings: Sequence[str] = (), *, is_shared: bool = True
) -> Iterator[ScratchServer]:
    """The server of that URL; the databases made on it are dropped at the end.

    Where an error ends the block, the warnings are notes of that error.
    Raises DatabaseUnavailableError, and ServerError where the role may not make databases.
    """
    server = ScratchServer(url, settings, is_shared=is_shared)
    try:
        yield server
    except BaseException as error:
        server.drop_all()
        for warning in server.warnings:
            error.add_note(warning)
        raise
    server.drop_all()


def database_settings(url: str) -> list[str]:
    """What sessions in that database begin with, and their time zone, as `name=value`; reads
    only."""
    with opened(url) as connection, translated():
        return [
            setting
            for query in (_TIME_ZONE, _SETTINGS)
            for (setting,) in connection.execute(query.encode()).fetchall()
        ]


def _left(name: str, reason: str) -> str:
    return (
        f"the scratch database {name} could not be dropped: {reason}. Resolve this, then: "
        f'DROP DATABASE "{name}" WITH (FORCE)'
    )


def _escaped(setting: str) -> str:
    """As libpq's `options` want it: blanks and backslashes behind a backslash."""
    return setting.replace("\\", "\\\\").replace(" ", "\\ ")
