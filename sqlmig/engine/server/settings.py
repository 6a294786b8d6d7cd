"""What a role, a database or the server can have sessions begin with, and what sqlmig pins of it.

`ALTER ROLE … SET`, `ALTER DATABASE … SET` and `postgresql.conf` mean a service's sessions; those of
sqlmig would be ended by them, or write values in another form. Scripts run under what the role and
the database have, as in psql, but for what ends sessions. A test has every other setting of these
kinds, and shows that it is harmless.
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

# For sqlmig's own statements alone.
_BEHAVIOUR: Mapping[str, str] = {
    "statement_timeout": "0",
    "lock_timeout": "0",
    "default_transaction_isolation": "read committed",
    # Where a policy would hide rows from sqlmig, the server refuses the query.
    "row_security": "off",
}

# What a value is as text depends on these; stored expressions hold values, too.
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
    in place of many."""
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


# What goes before a script. No query, after which a script could not SET TRANSACTION any more.
AS_THE_ROLE_HAS_IT = tuple(f"RESET {name}" for name in (*_BEHAVIOUR, *WRITTEN_FORM))


def _pinned(server_version: int) -> Mapping[str, str]:
    ending = dict(_ENDING_SESSIONS)
    for since, settings in _ENDING_SESSIONS_SINCE.items():
        ending |= settings if server_version >= since else {}
    return {**ending, **_BEHAVIOUR, **WRITTEN_FORM}
