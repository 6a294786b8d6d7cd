"""Scratch databases: made under names of their own on some server, and dropped at the end."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sqlmig.engine.connection import opened, server_message, translated
from sqlmig.errors import DatabaseUnavailableError, ServerError

PREFIX = "sqlmig_scratch_"
# Nobody needs what is in a scratch database after a crash of the server.
_FAST = "synchronous_commit=off"

# What `ALTER DATABASE … SET` has every session of that database begin with, such as a search_path.
_SETTINGS = """
SELECT unnest(setconfig) FROM pg_catalog.pg_db_role_setting
 WHERE setrole = 0
   AND setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
"""


class ScratchServer:
    """Where scratch databases are made; `url` names a database of it that is only connected to.

    Where it `is_shared`, others use its other databases. `settings` are those that every session in
    a scratch database begins with, as `name=value`.
    """

    def __init__(self, url: str, settings: Sequence[str] = (), *, is_shared: bool = True) -> None:
        self.is_shared = is_shared
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
        """Drops every database that is left, as far as the server can still be reached."""
        for name in tuple(self._names):
            with suppress(DatabaseUnavailableError, ServerError):
                self.drop(name)

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
                    "this role may not make a scratch database (42501)",
                    server=server_message(error),
                    remedy="Grant it CREATEDB, or name another server with --scratch-url.",
                ) from error


@contextmanager
def scratch_server(
    url: str, settings: Sequence[str] = (), *, is_shared: bool = True
) -> Iterator[ScratchServer]:
    """The server of that URL; the databases made on it are dropped at the end.

    Raises DatabaseUnavailableError, and ServerError where the role may not make databases.
    """
    server = ScratchServer(url, settings, is_shared=is_shared)
    try:
        yield server
    finally:
        server.drop_all()


def database_settings(url: str) -> list[str]:
    """What sessions in that database begin with, as `name=value`; reads only."""
    with opened(url) as connection, translated():
        return [setting for (setting,) in connection.execute(_SETTINGS).fetchall()]


def _escaped(setting: str) -> str:
    """As libpq's `options` want it: blanks and backslashes behind a backslash."""
    return setting.replace("\\", "\\\\").replace(" ", "\\ ")
