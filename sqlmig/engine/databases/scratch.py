"""Scratch databases: created with unique names on a server, and dropped at the end.

The name identifies the session that created the database, by its process ID on the server and its
start time. The session lasts as long as the run that needs the database, so later runs recognise
what a dead run left.
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

# The start time is hidden from roles without the privilege to see it. Then the name has 0 instead,
# and only the process ID counts.
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

# The errors for a locale that the server does not have, or for an option of a later version.
_UNKNOWN_LOCALES = ("0A000", "22023", "42601", "42809", "42P17")
_NO_SUCH_DATABASE = "3D000"
# Our own sessions there are closed, but the server may take a moment to end them. A role that acts
# as another one is not allowed to terminate them.
_STILL_ENDING = ("55006", "42501")
_SECONDS_TO_END = 10.0
_SECONDS_BETWEEN_TRIES = 0.1
_NEEDS_ESCAPING = re.compile(r"[\\\s]")


class ScratchServer:
    """The server on which scratch databases are created.

    `url` names an existing database there, used only to connect; `connection` is a session in it
    that lasts as long as the scratch databases. With `is_shared`, others use other databases of the
    server. New databases have the `likeness`. `warnings` name the databases that could not be
    dropped, and why; those of a dead run that were dropped; and what could not be made like the
    target.
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
        """Creates a database, as a copy of the scratch database `template` if given; returns its
        name."""
        name = f"{self._prefix}{secrets.token_hex(4)}"
        if template is not None:
            self._create(name, sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)))
        else:
            self._create_like_the_target(name)
        self._names.append(name)
        return name

    def drop(self, name: str) -> None:
        """Drops a database that `create` made, and ends the sessions that are still in it."""
        statement = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        deadline = time.monotonic() + _SECONDS_TO_END
        while True:
            try:
                self._execute(statement)
            except ServerError as error:
                if error.server.sqlstate == _NO_SUCH_DATABASE:
                    break  # another run took it for one that a dead run left
                if error.server.sqlstate not in _STILL_ENDING or time.monotonic() > deadline:
                    raise
                time.sleep(_SECONDS_BETWEEN_TRIES)
            else:
                break
        self._names.remove(name)

    def drop_all(self) -> None:
        """Drops all remaining databases; the warnings name those that could not be dropped."""
        for name in tuple(self._names):
            try:
                self._drop_surely(name)
            except (DatabaseUnavailableError, ServerError) as error:
                self.warnings += (_left(name, error.message),)

    def drop_leftovers(self) -> None:
        """Drops the databases that dead runs of this role left, unless they are in use; the
        warnings name both. Leaves databases of other owners and names alone."""
        with translated():
            names = [name for (name,) in self._connection.execute(_LEFT_BY_THE_DEAD).fetchall()]
        for name in names:
            try:
                self._execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
            except ServerError as error:
                if error.server.sqlstate != _NO_SUCH_DATABASE:  # another run was faster
                    self.warnings += (_left(name, error.server.primary),)
            else:
                notice = f"dropped the scratch database {name}, left by a run that was ended"
                self.warnings += (notice,)

    def url_of(self, name: str) -> str:
        """The URL of that database."""
        given = parameters_in_force(self._url).get("options", "")
        *settings, fast = (f"-c {_escaped(setting)}" for setting in self._settings)
        # The last value of a setting wins: the URL's own options override the target's defaults.
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
        """Drops it, through a new session if ours is lost."""
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
    """The server of that URL. First drops what dead runs left there, and at the end the databases
    that were created on it.

    If an error ends the block, it gets the warnings as notes. Raises ConfigError for a pooler,
    DatabaseUnavailableError, and ServerError if the role cannot create databases.
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
    """The prefix for the names of a session's databases. Raises ConfigError for a pooler, which
    shares its sessions among clients."""
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
    """The setting for libpq's `options`: a backslash escapes white space and backslashes."""
    return _NEEDS_ESCAPING.sub(r"\\\g<0>", setting)
