"""Settings that a role, a database or the server may give to new sessions, and those that sqlmig
pins.

`ALTER ROLE … SET`, `ALTER DATABASE … SET` and `postgresql.conf` are meant for a service's sessions.
They could end sqlmig's sessions, or make them write values in another form. Scripts run with the
settings of the role and the database, as in psql, except those that end sessions. A test tries
every other setting of these kinds, and shows that it is harmless.
"""

from __future__ import annotations

from collections.abc import Mapping

# Off throughout: a script may take as long as its own limits allow.
_ENDING_SESSIONS: Mapping[str, str] = {
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "exit_on_error": "off",
}
_ENDING_SESSIONS_SINCE: Mapping[int, Mapping[str, str]] = {170000: {"transaction_timeout": "0"}}

# Only for sqlmig's own statements.
_BEHAVIOUR: Mapping[str, str] = {
    "statement_timeout": "0",
    "lock_timeout": "0",
    "default_transaction_isolation": "read committed",
    # If a policy would hide rows from sqlmig, the server refuses the query.
    "row_security": "off",
}

# The text of a value depends on these; stored expressions contain values, too.
WRITTEN_FORM: Mapping[str, str] = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
}


def pins(server_version: int) -> str:
    """The query that gives the session the settings that sqlmig's own statements need: one result
    instead of many."""
    return setting(_pinned(server_version))


def first_pins(server_version: int, pid: int) -> str:
    """The same query for a new session whose server process is `pid`.

    A pooler gives its clients another process than the one it announced. Its sessions are left
    unchanged, because other clients use them next.
    """
    return f"{pins(server_version)} WHERE pg_catalog.pg_backend_pid() = {pid}"


def setting(settings: Mapping[str, str]) -> str:
    """One query that sets all of them."""
    calls = (
        f"pg_catalog.set_config('{name}', '{value}', false)" for name, value in settings.items()
    )
    return f"SELECT {', '.join(calls)}"


# Sent before a script. RESET is not a query, after which a script could no longer SET TRANSACTION.
AS_THE_ROLE_HAS_IT = tuple(f"RESET {name}" for name in (*_BEHAVIOUR, *WRITTEN_FORM))


def _pinned(server_version: int) -> Mapping[str, str]:
    ending = dict(_ENDING_SESSIONS)
    for since, settings in _ENDING_SESSIONS_SINCE.items():
        ending |= settings if server_version >= since else {}
    return {**ending, **_BEHAVIOUR, **WRITTEN_FORM}
