"""What a query or a change of rows would read and write, according to the server's plan.

The counters cannot tell: on an empty table, a statement that writes every row and one that writes a
single row do the same. The plan shows whether an index finds the rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from sqlmig.engine.server.connection import Connection, translated
from sqlmig.engine.server.savepoint import Savepoint
from sqlmig.engine.server.wire import StatementError, ask, send

Name = tuple[str, str]  # schema and relation
Oids = frozenset[int]
Node = Mapping[str, Any]

_WORDS = frozenset({"select", "insert", "update", "delete", "merge", "with", "values", "table"})
# An empty table is cheapest to read in full: without these, an index would show only if required.
_BY_INDEX = ";".join(
    f"SET LOCAL enable_{way} = off" for way in ("seqscan", "hashjoin", "mergejoin", "material")
)
_COUNTED = ";".join(
    f"SET LOCAL enable_{way} = off" for way in ("seqscan", "bitmapscan", "indexonlyscan")
)
_OIDS: LiteralString = """
SELECT n.nspname, c.relname, c.oid
  FROM ROWS FROM (pg_catalog.unnest(%(schemas)s::name[]), pg_catalog.unnest(%(relations)s::name[]))
    w (schema, relation)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relation
"""
_LITERALS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_OPEN = frozenset(("<", "<=", ">", ">=", "~<~", "~<=~", "~>~", "~>=~"))
_OPERATORS = re.compile(r" ([-+*/<>=~!@#%^&|`?]+) ")
_READS = re.compile(r"\b(?:select|table|with|update)\b", re.IGNORECASE)
_FROM_A_QUERY = re.compile(
    r"create\s+(?:(?:local|global)\s+)?(?:temp\w*\s+|unlogged\s+)?(?:table|materialized\s+view)\b"
    r".*\bas\b",
    re.IGNORECASE | re.DOTALL,
)
_CHANGES = ("Update", "Delete", "Merge")


@dataclass(frozen=True, slots=True)
class Writing:
    """Tables whose rows are changed, or locked for a change. The rows are found by reading the
    tables `by` in full, and there may be as many as those have. `deletes` says that the rows are
    deleted."""

    tables: Oids
    by: Oids
    deletes: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a statement would do, by the oids of tables: `named` are all tables of its plan,
    `scanned` those read without the help of an index condition or a LIMIT."""

    named: Oids = frozenset()
    scanned: Oids = frozenset()
    writings: tuple[Writing, ...] = ()


NOTHING = Reading()


def prefer_indexes(connection: Connection) -> None:
    """Makes routines use indexes too until the open transaction ends. If no index finds the rows,
    they scan the table, which the server counts."""
    send(connection, _COUNTED.encode())


def reading(connection: Connection, word: str, statement: str) -> Reading:
    """What the statement would do, given its first word; nothing for a statement without a plan.

    Leaves the transaction as it is.
    """
    if not _has_plan(word, statement):
        return NOTHING
    aside = Savepoint()
    question = f"EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) {statement}"
    try:
        send(connection, f"{aside.set};{_BY_INDEX}".encode())
        rows = ask(connection, question.encode()).rows
    except StatementError:  # it will fail when it runs, too, and say why
        return NOTHING
    finally:
        send(connection, f"{aside.return_to};{aside.release}".encode())
    document = json.loads(rows[0][0] or "[]")
    roots = [entry["Plan"] for entry in document if "Plan" in entry]
    return _read(connection, roots) if roots else NOTHING


def _has_plan(word: str, statement: str) -> bool:
    """Whether its plan is of interest: a row of an INSERT … VALUES is just written."""
    if word == "create":
        return _FROM_A_QUERY.match(statement) is not None
    return word in _WORDS and (word != "insert" or _READS.search(statement) is not None)


def _read(connection: Connection, roots: Sequence[Node]) -> Reading:
    nodes = [node for root in roots for node in _nodes(root)]
    named = {_name(node) for node in nodes if "Relation Name" in node}
    known = _oids(connection, named)

    def oids(names: Iterable[Name]) -> Oids:
        return frozenset(known[name] for name in names if name in known)

    return Reading(
        oids(named),
        oids(name for root in roots for name in _full_scans(root)),
        tuple(Writing(oids(tables), oids(by), gone) for tables, by, gone in _writings(nodes)),
    )


def _oids(connection: Connection, names: Collection[Name]) -> Mapping[Name, int]:
    """The oids of those names in the open transaction, which may have renamed relations."""
    if not names:
        return {}
    schemas, relations = zip(*names, strict=True)
    with translated():
        rows = connection.execute(_OIDS, {"schemas": [*schemas], "relations": [*relations]})
        return {(schema, relation): oid for schema, relation, oid in rows.fetchall()}


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _writings(nodes: Sequence[Node]) -> Iterator[tuple[set[Name], set[Name], bool]]:
    """The tables of each change of rows, the full scans by which it finds them, and whether it
    deletes them."""
    limited = [c for node in nodes if node["Node Type"] == "Limit" for c in node.get("Plans", ())]
    for node in nodes:
        changes = node.get("Operation") in _CHANGES or node.get("Conflict Resolution") == "UPDATE"
        if node["Node Type"] == "ModifyTable" and changes:
            targets = [node, *node.get("Target Tables", ())]
            tables = {_name(t) for t in targets if "Relation Name" in t}
            yield tables, {*_driving_scans(node)}, node.get("Operation") == "Delete"
        elif node["Node Type"] == "LockRows" and not any(node is each for each in limited):
            yield {*_driving_scans(node)}, {*_driving_scans(node)}, False


def _driving_scans(node: Node) -> Iterator[Name]:
    """The full scans that decide how many rows the node gets, without those of scalar
    subqueries."""
    for child in node.get("Plans", ()):
        if _is_apart(child) or child["Node Type"] == "Limit":
            continue
        if _is_full_scan(child):
            yield _name(child)
        yield from _driving_scans(child)


def _is_apart(child: Node) -> bool:
    """Whether it is a subquery that runs for a value, not for its rows."""
    relationship, name = child.get("Parent Relationship"), child.get("Subplan Name", "")
    return relationship == "SubPlan" or (relationship == "InitPlan" and name[:3] != "CTE")


def _full_scans(node: Node, *, is_limited: bool = False) -> Iterator[Name]:
    """The full scans that no LIMIT above them ends early."""
    if _is_full_scan(node) and not is_limited:
        yield _name(node)
    is_limited = (is_limited or node["Node Type"] == "Limit") and not _reads_all(node)
    for child in node.get("Plans", ()):
        yield from _full_scans(child, is_limited=is_limited and not _is_apart(child))


def _reads_all(node: Node) -> bool:
    """Whether it reads all of its input before it returns a row."""
    kind = node["Node Type"]
    return kind in ("Sort", "Hash") or (kind == "Aggregate" and node.get("Strategy") != "Sorted")


def _is_full_scan(node: Node) -> bool:
    kind = node["Node Type"]
    if kind in ("Seq Scan", "Sample Scan", "Foreign Scan"):
        return "Relation Name" in node
    if kind == "Bitmap Heap Scan":
        return not _is_bounded(node.get("Recheck Cond", ""))
    return kind in ("Index Scan", "Index Only Scan") and not _is_bounded(node.get("Index Cond", ""))


def _is_bounded(condition: str) -> bool:
    """Whether an index condition excludes most rows; `id > 0`, for one, may hold for all."""
    operators = set(_OPERATORS.findall(_LITERALS.sub("", condition)))
    return bool(operators - _OPEN) or {each.strip("~")[0] for each in operators} == {"<", ">"}


def _name(node: Node) -> Name:
    return node.get("Schema", ""), node["Relation Name"]
