"""What to do about an error from the server. Its SQLSTATE shows the kind of error, and the session
shows where a setting comes from."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from sqlmig.model import ServerMessage

_READ_ONLY, _CANCELED, _DENIED = "25006", "57014", "42501"
_HIDDEN = (
    "Row level security would hide rows from sqlmig: use a role with BYPASSRLS; for the owner of "
    "the table, ALTER TABLE … NO FORCE ROW LEVEL SECURITY."
)
# The server's last messages before it ends a session: an administrator, a crash, a session's limit.
_ENDS_SESSION = ("08", "57P", "25P03", "25P04")
_REMEDIES: Mapping[str, str] = {
    "25006": "The server is a standby, or the session is read-only: give the URL of the primary, "
    "or see default_transaction_read_only.",
    "25P03": "The session was ended by idle_in_transaction_session_timeout: see what sets it.",
    "25P04": "The session was ended by transaction_timeout: see what sets it.",
    "28000": "Let the role log in from here: see pg_hba.conf, and ALTER ROLE … LOGIN.",
    "28P01": "Give the role's password: in the URL, in PGPASSWORD, or in ~/.pgpass.",
    "3D000": "Create the database, or name another one in the database URL.",
    "40001": "It conflicted with another transaction: run it again.",
    "40P01": "It deadlocked with another session: run it again.",
    "42501": "Grant this role the missing privilege, or connect as a role that has it.",
    "53100": "The server's disk is full: make room there, then run it again.",
    "53200": "The server is out of memory: check its settings, then run it again.",
    "53300": "There are too many connections: end some, or raise max_connections, or the "
    "CONNECTION LIMIT of the role or the database.",
    "53400": "A limit in the server's configuration was reached: raise the one that is named.",
    "55P03": "Another session holds a lock: run this again when it is done, or end that session.",
    "57014": "Another session cancelled the statement (pg_cancel_backend): run it again.",
    "57P01": "An administrator ended the session, or the server is shutting down: run it again "
    "when it is back.",
    "57P02": "The server crashed: see its log; run it again when it is back.",
    "57P03": "The server is starting or shutting down: --wait-for-database SECONDS waits for it.",
    "57P05": "The session was ended by idle_session_timeout: see what sets it.",
}

# For a failed connection, libpq gives no SQLSTATE, only the server's message.
_OF_CONNECTIONS: Mapping[str, str] = {
    "password": _REMEDIES["28P01"],
    "too many connections for role": "The CONNECTION LIMIT of the role is reached: end some of its "
    "sessions, or raise it: ALTER ROLE … CONNECTION LIMIT.",
    "too many connections for database": "The CONNECTION LIMIT of the database is reached: end "
    "some of its sessions, or raise it: ALTER DATABASE … CONNECTION LIMIT.",
    "too many clients": _REMEDIES["53300"],
    "connection slots": _REMEDIES["53300"],
    "does not exist": "Create it, or name another one in the database URL.",
    "not permitted to log in": _REMEDIES["28000"],
    "pg_hba.conf": _REMEDIES["28000"],
    "permission denied for database": "Let the role connect: GRANT CONNECT ON DATABASE …",
    "starting up": _REMEDIES["57P03"],
    "shutting down": _REMEDIES["57P03"],
    "unsupported startup parameter": "A pooler refuses this parameter: use the URL of the server "
    "itself.",
    "permission denied to set parameter": "Remove it from `options` in the URL, or from PGOPTIONS.",
}
_NO_DATABASE = re.compile(r'database ".*" does not exist')
_UNREACHED = "Check that the server is running and that the database URL is correct."

_ORIGIN = """
SELECT p.reset_val, coalesce(p.unit, ''), pg_catalog.pg_is_in_recovery(), session_user,
       pg_catalog.current_database(), s.setrole > 0, s.setdatabase > 0
  FROM pg_catalog.pg_settings p LEFT JOIN LATERAL (
    SELECT s.setrole, s.setdatabase
      FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) c (line)
     WHERE split_part(c.line, '=', 1) = p.name
       AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))
       AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database
                                  WHERE datname = pg_catalog.current_database()))
     ORDER BY s.setdatabase > 0 AND s.setrole > 0 DESC, s.setrole DESC, s.setdatabase DESC LIMIT 1
  ) s ON true
 WHERE p.name = %s
"""


@dataclass(frozen=True, slots=True)
class _Setting:
    """A setting that this role's sessions start with: `origin` says what sets it, `change` how to
    change that."""

    value: str
    is_standby: bool
    origin: str
    change: str


def connection_remedy(reason: str, create: str = "") -> str:
    """What to do about a failed connection; `reason` is in English. `create` is the command that
    creates a missing database."""
    found = (remedy for words, remedy in _OF_CONNECTIONS.items() if words in reason)
    remedy = next(found, _UNREACHED)
    if create and _NO_DATABASE.search(reason):
        return f"{remedy} For development, `{create}` creates it."
    return remedy


def ends_session(message: ServerMessage) -> bool:
    """Whether the server ends the session with that message."""
    return message.sqlstate.startswith(_ENDS_SESSION)


def is_hidden(message: ServerMessage) -> bool:
    """Whether the server refused to answer because a policy would hide rows."""
    return message.sqlstate == _DENIED and "row-level security policy" in message.primary


def remedy_for(message: ServerMessage, connection: psycopg.Connection[Any] | None = None) -> str:
    """What to do about an error whose SQLSTATE shows its cause; "" for the others.

    Given the session, outside its transaction, the remedy says where the setting behind the error
    comes from.
    """
    known = _REMEDIES.get(message.sqlstate, "")
    if is_hidden(message):
        return _HIDDEN
    try:
        if message.sqlstate == _READ_ONLY:
            return _of_read_only(_setting(connection, "default_transaction_read_only"), known)
        if message.sqlstate == _CANCELED:
            return _of_cancel(message, _setting(connection, "statement_timeout"), known)
    except psycopg.Error:
        return known
    return known


def _of_read_only(setting: _Setting | None, otherwise: str) -> str:
    if setting is None:
        return otherwise
    if setting.is_standby:
        return (
            "The server is a read-only standby: give the URL of the primary, or all hosts "
            "with target_session_attrs=read-write."
        )
    if setting.value == "on":
        return (
            f"default_transaction_read_only is on, set {setting.origin}. To write: {setting.change}"
        )
    return ""


def _of_cancel(message: ServerMessage, setting: _Setting | None, otherwise: str) -> str:
    """The remedy for a timeout or a cancel, which the message tells apart in English. In other
    languages, a timeout that is set is taken for the cause."""
    is_limited = setting is not None and setting.value != "0ms"
    if "user request" in message.primary or not (is_limited or "timeout" in message.primary):
        return otherwise
    own = "Give the file a longer one, `-- statement_timeout: 10min`"
    if setting is None or not is_limited:
        return f"The statement took longer than statement_timeout. {own}."
    return f"statement_timeout is {setting.value}, set {setting.origin}. {own}; or {setting.change}"


def _setting(connection: psycopg.Connection[Any] | None, name: str) -> _Setting | None:
    """None if the session cannot be asked."""
    if connection is None or connection.info.transaction_status is not TransactionStatus.IDLE:
        return None
    row = connection.execute(_ORIGIN, (name,)).fetchone()
    if row is None:
        return None
    value, unit, is_standby, role, database, of_role, of_database = row
    options = connection.info.get_parameters().get("options", "") + os.environ.get("PGOPTIONS", "")
    if name in options:
        origin = "by `options` in the URL or by PGOPTIONS", "remove it there."
    elif of_role is None:
        origin = "in the server's configuration", f"ALTER ROLE {role} SET {name} = …"
    else:
        subjects = [f"ROLE {role}"] * bool(of_role) or ["ROLE ALL"] * (not of_database)
        subjects += [f"DATABASE {database}"] * bool(of_database)
        subject = " IN ".join(subjects)
        origin = f"by ALTER {subject}", f"ALTER {subject} RESET {name}"
    return _Setting(f"{value}{unit}", is_standby, *origin)
