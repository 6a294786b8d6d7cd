"""Scratch databases: made under names of their own on some server, and dropped at the end.

The name has the session that made the database: its process on the server, and when it began. The
session lasts as long as the run that needs the database, so later runs know what a dead one left.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from sqlmig.engine.databases.likeness import Likeness, allowed_settings, creations
from sqlmig.engine.server.connection import (
    Connection,
    opened,
    parameters_in_force,
    server_message,
    translated,
)
from sqlmig.errors import ConfigError, DatabaseUnavailableError, ServerError

PREFIX = "sqlmig_scratch_"
# The contents of a scratch database are not needed after a crash of the server.
_FAST = "synchronous_commit=off"

# The beginning of a session is hidden from roles that are not allowed to see it: then 0 is in the
# name, and the process alone counts.
_SESSION = """
SELECT pg_catalog.pg_backend_pid(),
       (SELECT coalesce((extract(epoch FROM backend_start) * 1000000)::bigint, 0)
          FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid())
"""
_LEFT_BY_THE_DEAD = r"""
SELECT d.datname
  FROM pg_catalog.pg_database d,
       regexp_match(d.datname, '^sqlmig_scratch_([0-9]{1,10})_([0-9a-f]{1,16})_[0-9a-f]{8}$') m
 WHERE m IS NOT NULL AND pg_catalog.pg_get_userbyid(d.datdba) = current_user
   AND NOT EXISTS (
     SELECT FROM pg_catalog.pg_stat_activity a
      WHERE a.pid::text = m[1]
        AND (m[2] = '0' OR coalesce(
             to_hex((extract(epoch FROM a.backend_start) * 1000000)::bigint) = m[2], true)))
 ORDER BY 1
"""

# How a server refuses a locale that it does not have, or an option of a later version.
_UNKNOWN_LOCALES = ("0A000", "22023", "42601", "42809", "42P17")
_NO_SUCH_DATABASE = "3D000"
# Our own sessions there are closed, but the server may take a moment to end them. A role that acts
# as another one may not even hurry them.
_STILL_ENDING = ("55006", "42501")
_SECONDS_TO_END = 10.0
_SECONDS_BETWEEN_TRIES = 0.1
_NEEDS_ESCAPING = re.compile(r"[\\\s]")


class ScratchServer:
    """Where scratch databases are made; `url` names a database of it that is only connected to, and
    `connection` is a session there that lasts as long as they do.

    Where it `is_shared`, others use its other databases. The databases have the `likeness`.
    `warnings` name the databases that could not be dropped at the end, and say why; those that a
    dead run had left, and are gone now; and what could not be made like the target.
    """

    def __init__(
        self, url: str, connection: Connection, likeness: Likeness, *, is_shared: bool
    ) -> None:
        self.is_shared = is_shared
        self.warnings: tuple[str, ...] = ()
        self._url = url
        self._connection = connection
        self._prefix = _prefix_of(connection)
        self._settings = (*allowed_settings(connection, likeness.settings), _FAST)
        self._kind = likeness.kind
        self._creations = [*creations(connection, likeness.kind)]
        self._names: list[str] = []

    def create(self, template: str | None = None) -> str:
        """Makes a database, as a copy of another scratch database if one is given; its name."""
        name = f"{self._prefix}{secrets.token_hex(4)}"
        if template is not None:
            self._create(name, sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)))
        else:
            self._create_like_the_target(name)
        self._names.append(name)
        return name

    def drop(self, name: str) -> None:
        """Drops a database that `create` made, with the sessions that are still in it."""
        statement = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        deadline = time.monotonic() + _SECONDS_TO_END
        while True:
            try:
                self._execute(statement)
            except ServerError as error:
                if error.server.sqlstate not in _STILL_ENDING or time.monotonic() > deadline:
                    raise
                time.sleep(_SECONDS_BETWEEN_TRIES)
            else:
                break
        self._names.remove(name)

    def drop_all(self) -> None:
        """Drops every database that is left; those that stay are among the warnings."""
        for name in tuple(self._names):
            try:
                self._drop_surely(name)
            except (DatabaseUnavailableError, ServerError) as error:
                self.warnings += (_left(name, error.message),)

    def drop_leftovers(self) -> None:
        """Drops what dead runs of this role have left, unless somebody uses it: the warnings say
        so. What is in another's hands, or has another name, is not touched."""
        with translated():
            names = [name for (name,) in self._connection.execute(_LEFT_BY_THE_DEAD).fetchall()]
        for name in names:
            try:
                self._execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
            except ServerError as error:
                if error.server.sqlstate != _NO_SUCH_DATABASE:  # another run was faster
                    self.warnings += (_left(name, error.server.primary),)
            else:
                told = f"dropped the scratch database {name}, left by a run that was ended"
                self.warnings += (told,)

    def url_of(self, name: str) -> str:
        """How to reach that database."""
        given = parameters_in_force(self._url).get("options", "")
        *settings, fast = (f"-c {_escaped(setting)}" for setting in self._settings)
        # The last one wins: a client's own, as over those that the server keeps for a database.
        return make_conninfo(self._url, dbname=name, options=" ".join([*settings, given, fast]))

    def _create_like_the_target(self, name: str) -> None:
        try:
            self._create(name, self._creations[0])
        except ServerError as error:
            if len(self._creations) == 1 or error.server.sqlstate not in _UNKNOWN_LOCALES:
                raise
            del self._creations[0]
            self.warnings += (
                f"the scratch database differs from the target ({self._kind}): "
                f"{error.server.primary}. Only the encoding is the same; text may sort "
                "differently",
            )
            self._create_like_the_target(name)

    def _create(self, name: str, options: sql.Composable) -> None:
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + options
        with translated():
            try:
                self._connection.execute(statement)
            except psycopg.errors.InsufficientPrivilege as error:
                raise ServerError(
                    "this role may not create a scratch database (42501)",
                    server=server_message(error),
                    remedy="Grant it CREATEDB, or name another server with --scratch-url.",
                ) from error

    def _drop_surely(self, name: str) -> None:
        """Drops it through another session where ours is lost."""
        try:
            self.drop(name)
        except (DatabaseUnavailableError, ServerError):
            if not self._connection.closed:
                raise
            with closing(opened(self._url)) as self._connection:
                self.drop(name)

    def _execute(self, statement: sql.Composed) -> None:
        with translated():
            self._connection.execute(statement)


@contextmanager
def scratch_server(url: str, likeness: Likeness, *, is_shared: bool) -> Iterator[ScratchServer]:
    """The server of that URL; the databases made on it are dropped at the end, and what dead runs
    have left there at the beginning.

    Where an error ends the block, the warnings are notes of that error. Raises ConfigError for a
    pooler, DatabaseUnavailableError, and ServerError where the role may not make databases.
    """
    with closing(opened(url)) as connection:
        with translated():
            server = ScratchServer(url, connection, likeness, is_shared=is_shared)
        server.drop_leftovers()
        try:
            yield server
        except BaseException as error:
            server.drop_all()
            for warning in server.warnings:
                error.add_note(warning)
            raise
        server.drop_all()


def _prefix_of(connection: Connection) -> str:
    """What the names of a session's databases begin with. Raises ConfigError for a pooler, whose
    sessions are not the client's alone."""
    ((pid, began),) = connection.execute(_SESSION).fetchall()
    if pid != connection.info.backend_pid:
        raise ConfigError(
            "this connection goes through a pooler: `verify` and `drift` need sessions of their "
            "own in a scratch database",
            remedy="Use the URL of the server itself, or name it with --scratch-url.",
        )
    return f"{PREFIX}{pid}_{began:x}_"


def _left(name: str, reason: str) -> str:
    return (
        f"the scratch database {name} could not be dropped: {reason}. Resolve this, then: "
        f'DROP DATABASE "{name}" WITH (FORCE)'
    )


def _escaped(setting: str) -> str:
    """As libpq's `options` want it: white space and backslashes behind a backslash."""
    return _NEEDS_ESCAPING.sub(r"\\\g<0>", setting)
