"""Database URLs as libpq reads them, and what to write instead of other programs' URLs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from sqlmig.errors import ConfigError

_FORM = (
    "Write it as postgresql://user@host:5432/database; in a password, / is %2F, @ is %40, : is "
    "%3A, # is %23, ? is %3F and % is %25."
)
_SCHEMES = ("postgresql://", "postgres://")
_OTHER_SCHEME = re.compile(r"(jdbc:postgresql|[\w+]+)://")

# Parameters of Prisma, SQLAlchemy, asyncpg, JDBC and other drivers, and their equivalents here.
_SEARCH_PATHS = ("schema", "search_path", "currentSchema")
_RENAMED: Mapping[str, str] = {
    "ApplicationName": "application_name",
    "connectTimeout": "connect_timeout",
    "loginTimeout": "connect_timeout",
    "ssl_mode": "sslmode",
    "sslMode": "sslmode",
    "ssl": "sslmode",
    "sslaccept": "sslmode",
    "sslCert": "sslcert",
    "sslKey": "sslkey",
    "sslRootCert": "sslrootcert",
    "targetServerType": "target_session_attrs",
    "timeout": "connect_timeout",
}
_NAME, _NAMES = re.compile(r"[A-Za-z_]\w*"), re.compile(r"[\w$, ]+")
# Settings of the server that people write as if they were parameters of libpq.
_OF_THE_SERVER = ("timezone", "TimeZone", "statement_timeout", "lock_timeout", "role")


def parameters_of(database: str) -> Mapping[str, Any]:
    """The parts of a URL or key=value string. Raises ConfigError for one that libpq cannot read.

    libpq quotes what it cannot read, and takes part of a password for port or host if it contains a
    stray / : or @. So none of libpq's message is repeated.
    """
    try:
        parameters = conninfo_to_dict(database)
    except psycopg.ProgrammingError:
        raise _unreadable(database) from None
    if any(port and not port.isdecimal() for port in str(parameters.get("port", "")).split(",")):
        raise _error("its port is not a number", _FORM)
    if "@" in str(parameters.get("host", "")):
        raise _error("its host contains an @", _FORM)
    return parameters


def has_secret(database: str) -> bool:
    """Whether it has a password, or may have: libpq cannot read it, or took part of one for
    something else."""
    try:
        parameters = parameters_of(database)
    except ConfigError:
        return True
    options = psycopg.pq.Conninfo.get_defaults()
    secrets = {each.keyword.decode() for each in options if each.dispchar == b"*"} | {"password"}
    return any(
        name in secrets or ("@" in str(value) and name != "user")
        for name, value in parameters.items()
    )


def _unreadable(database: str) -> ConfigError:
    other = _OTHER_SCHEME.match(database)
    if other and not database.startswith(_SCHEMES):
        return _error(f"{other[1]}:// is not a scheme that libpq knows", _FORM)
    for name, value in _query(database):
        if name not in _known():
            return _error(f"libpq has no parameter {name}", _instead_of(name, value))
    return _error("it is neither a PostgreSQL URL nor key=value pairs", _FORM)


def _error(reason: str, remedy: str) -> ConfigError:
    return ConfigError(f"the database URL cannot be read: {reason}", remedy=remedy)


def _query(database: str) -> list[tuple[str, str]]:
    """The parameters after the question mark of a URL; only what cannot be part of a password."""
    if not database.startswith(_SCHEMES):
        return []
    pairs = database.rpartition("@")[2].partition("?")[2].split("&")
    found = (pair.partition("=")[::2] for pair in pairs)
    return [(name, unquote(value)) for name, value in found if _NAME.fullmatch(name)]


def _known() -> set[str]:
    return {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}


def _instead_of(name: str, value: str) -> str:
    if name in _SEARCH_PATHS:
        path = value.replace(" ", "") if _NAMES.fullmatch(value) else "NAME"
        return f"Write options=-csearch_path%3D{path} instead of {name}."
    if name in _RENAMED:
        return f"Write {_RENAMED[name]} instead of {name}, with one of its values."
    if name == "socket":
        return f"Write host={quote(value, safe='')} instead of socket."
    if name == "pgbouncer":
        return (
            "Leave it out: sqlmig detects a pooler by itself. Better, give the URL "
            "of the server itself, which `transactional: false` needs."
        )
    if name in _OF_THE_SERVER:
        return f"Write options=-c{name}%3DVALUE instead: it is a setting of the server."
    return (
        "Leave it out: it belongs to another program. A setting of the server is written as "
        "postgresql://user@host:5432/database?options=-cNAME%3DVALUE."
    )
