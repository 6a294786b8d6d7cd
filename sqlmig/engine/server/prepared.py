"""Statements that are prepared once and run often: planning a small one takes longer than running
it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg

from sqlmig.engine.server.connection import Connection
from sqlmig.engine.server.raising import raising
from sqlmig.engine.server.savepoint import random_name

# A function may drop one of our statements and prepare another with its name, but at another time.
_SINCE = """
SELECT pg_catalog.extract('epoch', prepare_time)::text
  FROM pg_catalog.pg_prepared_statement() WHERE name = '{name}'
"""
REPLACED = "a function has replaced what sqlmig prepared"

_PLACEHOLDER = re.compile(rb"%%|%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class _Execution:
    """How to call a prepared statement, and its parameters in order; `proof` fails if it is not the
    statement that was prepared."""

    proof: str
    call: bytes
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PreparedStatements:
    """The prepared statements in the session of one connection."""

    connection: Connection
    _executions: dict[str, _Execution] = field(default_factory=dict)
    _prefix: bytes = field(default_factory=lambda: random_name().encode())

    @property
    def are_there(self) -> bool:
        """Whether there are any."""
        return bool(self._executions)

    def prepare(self, query: str, template: bytes) -> None:
        """Prepares a query, which is identified by that text from now on; `template` is the query
        with psycopg's named placeholders.

        Each placeholder is a separate parameter, because the server infers a parameter's type from
        one place.
        """
        name = b"%b_%d" % (self._prefix, len(self._executions))
        names = tuple(found.decode() for found in _PLACEHOLDER.findall(template) if found)
        numbers = itertools.count(1)
        text = _PLACEHOLDER.sub(lambda m: b"$%d" % next(numbers) if m[1] else b"%", template)
        self.connection.execute(b"PREPARE %b AS %b" % (name, text))
        call = b"EXECUTE %b (%b)" % (name, b", ".join([b"%s"] * len(names)))
        since = _SINCE.format(name=name.decode())
        row = self.connection.execute(since.encode()).fetchone()
        is_ours = f"({since}) = '{row[0] if row else ''}'"
        proof = f"SELECT CASE WHEN {is_ours} THEN true ELSE {raising(REPLACED)} END"
        self._executions[query] = _Execution(proof, call, names)

    def execution(self, query: str, parameters: Mapping[str, object]) -> str | None:
        """The statements that run the query with these parameters, and fail if it is no longer what
        was prepared; None if it is not prepared."""
        found = self._executions.get(query)
        if found is None:
            return None
        values = [parameters[name] for name in found.names]
        call = psycopg.ClientCursor(self.connection).mogrify(found.call, values)
        return f"{found.proof};{call}"

    def deallocation(self) -> str:
        """The statement that drops all of the session's; ours count as dropped from now on."""
        self._executions.clear()
        return "DEALLOCATE ALL"
