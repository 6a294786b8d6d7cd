"""Counts the rows of the tables that a statement reads, according to the server's plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql

from sqlmig.engine.server.connection import Connection, server_message
from sqlmig.engine.server.failure import ScriptError, failed_script
from sqlmig.engine.server.wire import StatementError
from sqlmig.plan import PlannedMigration

_EXPLAIN = "EXPLAIN (VERBOSE, FORMAT JSON) "
_COUNT = "SELECT pg_catalog.count(*) FROM ONLY {}"
_WRITES = "ModifyTable"
_MAKE_ROWS = frozenset(
    {"Function Scan", "ProjectSet", "Table Function Scan", "Values Scan", "WorkTable Scan"}
)

Node = Mapping[str, Any]
Name = tuple[str, str]


def count_source_rows(connection: Connection, planned: PlannedMigration) -> int | None:
    """The number of rows in all tables that the migration's one statement reads. None if they do
    not limit how many rows it may write: for an INSERT from several tables, from one table twice,
    or from a function.

    Raises ScriptError if the server cannot plan the statement, or this role cannot read a table.
    """
    tables = {name for plan in _plans(connection, planned) for name in _sources(plan)}
    if not tables:
        return None
    try:
        queries = [sql.SQL(_COUNT).format(sql.Identifier(*table)) for table in sorted(tables)]
        return sum(int(connection.execute(query).fetchall()[0][0]) for query in queries)
    except psycopg.Error as error:
        message = server_message(error)
        what = f"{planned.name}: the rows that it may write cannot be counted: {message}"
        raise ScriptError(planned, what, message) from error


def _plans(connection: Connection, planned: PlannedMigration) -> Iterator[Node]:
    statement, text = planned.prepared.statements[0], planned.prepared.statement_text(0)
    try:
        ((found,),) = connection.execute(f"{_EXPLAIN}{text}".encode()).fetchall()
    except psycopg.Error as error:
        refusal, offset = StatementError(error, 0), statement.start - len(_EXPLAIN)
        raise failed_script(planned, refusal, offset=offset, statement=0) from error
    return (each["Plan"] for each in found if "Plan" in each)


def _sources(plan: Node) -> set[Name]:
    """The tables whose rows limit what is written, each partition by itself; empty if unknown."""
    nodes = list(_nodes(plan))
    read = [_name(node) for node in nodes if "Relation Name" in node if not _writes(node)]
    if plan.get("Operation") != "Insert":
        return set(read)
    sources = [name for name in read if name != _name(plan)]
    is_known = len(sources) == 1 and not any(node["Node Type"] in _MAKE_ROWS for node in nodes)
    return set(sources) if is_known else set()


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


def _writes(node: Node) -> bool:
    return bool(node["Node Type"] == _WRITES)


def _name(node: Node) -> Name:
    return node["Schema"], node["Relation Name"]
