"""Determines whether a statement completed during which the runner stopped.

It relies on what the catalogs show. For everything else it is UNKNOWN, and the user decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sqlmig.engine.server.connection import Connection
from sqlmig.engine.server.savepoint import random_name
from sqlmig.source.lexer import tokens

_OF_A_DROP = ("if", "exists", "cascade", "restrict")

# Running these again changes nothing further.
_REPEATABLE = frozenset(
    {"analyze", "checkpoint", "cluster", "refresh", "reindex", "reset", "set", "show", "vacuum"}
)

_NAME = r'(?:"(?:[^"]|"")+"|\w+)'
_INDEX_BUILD = re.compile(
    rf"create (?P<unique>unique )?index concurrently (?:if not exists )?(?P<name>{_NAME}) "
    rf"on (?:only )?(?P<table>{_NAME}(?: \. {_NAME})*) (?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_REINDEX = re.compile(
    rf"reindex .*?\b(?:index|table) (?:concurrently )?(?P<name>{_NAME}(?: \. {_NAME})*)",
    re.IGNORECASE | re.DOTALL,
)

# Progress views hide the work of other roles, but all roles can see locks. Building an index and
# vacuuming its table take this one.
_IS_AT_WORK = """
EXISTS (SELECT FROM pg_locks l
         WHERE l.locktype = 'relation' AND l.relation = i.indrelid
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND l.mode = 'ShareUpdateExclusiveLock' AND l.pid <> pg_backend_pid())
"""

_FIND_INDEX = f"""
SELECT i.indexrelid::regclass::text, i.indisvalid, pg_get_indexdef(i.indexrelid),
       {_IS_AT_WORK}
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = to_regclass(%s) AND c.relname = %s
"""  # noqa: S608  # constants

_LEFTOVERS = f"""
SELECT i.indexrelid::regclass::text
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
   AND (i.indrelid = to_regclass(%(name)s)
        OR i.indrelid = (SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass(%(name)s)))
   AND NOT {_IS_AT_WORK}
"""  # noqa: S608  # constants

_HAS_LABEL = """
SELECT EXISTS (SELECT FROM pg_enum WHERE enumtypid = to_regtype(%s) AND enumlabel = %s)
"""


class Completion(Enum):
    """What the catalogs say about a statement."""

    DONE = "done"
    NOT_DONE = "not done"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CreateIndex:
    """A CREATE INDEX CONCURRENTLY: `name` as the catalogs store it, `table` as written; `head` is
    what precedes the name, without CONCURRENTLY, and `rest` what follows the table."""

    name: str
    table: str
    head: str
    rest: str


@dataclass(frozen=True, slots=True)
class _Index:
    """An index of that name on that table, which a session may still be building."""

    identity: str
    is_valid: bool
    definition: str
    is_being_built: bool


def completion(connection: Connection, statement: str) -> Completion:
    """Whether the statement is done, according to the catalogs; changes nothing."""
    words = list(tokens(statement))
    low = [word.lower() for word in words]
    if low[0] in _REPEATABLE:
        return Completion.NOT_DONE
    if (build := index_build(statement)) is not None:
        return _completion_of_index(connection, build)
    if low[:3] == ["drop", "index", "concurrently"]:
        return _completion_of_drop(connection, words)
    if low[:2] == ["alter", "type"] and "add" in low:
        return _completion_of_label(connection, words)
    return Completion.UNKNOWN


def index_build(statement: str) -> CreateIndex | None:
    """The named index that a CREATE INDEX CONCURRENTLY builds; None for all other statements."""
    text = " ".join(tokens(statement))
    match = _INDEX_BUILD.fullmatch(text)
    if match is None:
        return None
    return CreateIndex(
        name=_folded(match["name"]),
        table=match["table"],
        head=f"CREATE {match['unique'] or ''} INDEX",
        rest=match["rest"],
    )


def is_invalid(connection: Connection, build: CreateIndex) -> bool:
    """Whether the index exists, but no query uses it because its build failed."""
    index = _find(connection, build)
    return index is not None and not index.is_valid


def drop_leftovers(connection: Connection, statement: str) -> bool:
    """Drops what a failed build of the statement left; False while a session is still building.

    Only drops invalid indexes: those with the exact name in the statement or, for REINDEX, with a
    name that the server gives to its interim indexes.
    """
    if (build := index_build(statement)) is not None:
        index = _find(connection, build)
        if index is not None and index.is_being_built:
            return False
        names = [index.identity] if index is not None and not index.is_valid else []
    else:
        names = _reindex_leftovers(connection, statement)
    for name in names:
        # regclass has quoted the name if necessary.
        connection.execute(f"DROP INDEX CONCURRENTLY {name}".encode())
    return True


def _completion_of_index(connection: Connection, build: CreateIndex) -> Completion:
    index = _find(connection, build)
    if index is None or not index.is_valid:
        return Completion.NOT_DONE
    expected = _definition_of(connection, build)
    return Completion.DONE if _shape(index.definition) == _shape(expected) else Completion.UNKNOWN


def _definition_of(connection: Connection, build: CreateIndex) -> str:
    """The definition as the server writes it, taken from the same index on an empty copy."""
    table, index = random_name(), random_name()
    with connection.transaction(force_rollback=True):
        connection.execute(f"CREATE TEMP TABLE {table} (LIKE {build.table})".encode())
        connection.execute(f"{build.head} {index} ON pg_temp.{table} {build.rest}".encode())
        row = connection.execute(
            "SELECT pg_get_indexdef(to_regclass(%s))", (f"pg_temp.{index}",)
        ).fetchone()
    return str(row[0]) if row else ""


def _shape(definition: str) -> tuple[bool, str]:
    """Whether the index is unique, and all that follows the names."""
    return definition.startswith("CREATE UNIQUE"), definition.partition(" USING ")[2]


def _completion_of_drop(connection: Connection, words: Sequence[str]) -> Completion:
    names = [word for word in words[3:] if word.lower() not in _OF_A_DROP]
    row = connection.execute("SELECT to_regclass(%s)", ("".join(names),)).fetchone()
    return Completion.DONE if row == (None,) else Completion.NOT_DONE


def _completion_of_label(connection: Connection, words: Sequence[str]) -> Completion:
    low = [word.lower() for word in words]
    label = next((word for word in words[low.index("add") :] if word.startswith("'")), None)
    if label is None:
        return Completion.UNKNOWN
    type_name = "".join(words[2 : low.index("add")])
    parameters = (type_name, label[1:-1].replace("''", "'"))
    row = connection.execute(_HAS_LABEL, parameters).fetchone()
    return Completion.DONE if row == (True,) else Completion.NOT_DONE


def _reindex_leftovers(connection: Connection, statement: str) -> list[str]:
    match = _REINDEX.match(" ".join(tokens(statement)))
    if match is None:
        return []
    name = match["name"].replace(" ", "")
    return [row[0] for row in connection.execute(_LEFTOVERS, {"name": name})]


def _find(connection: Connection, build: CreateIndex) -> _Index | None:
    row = connection.execute(_FIND_INDEX, (build.table.replace(" ", ""), build.name)).fetchone()
    return _Index(*row) if row else None


def _folded(name: str) -> str:
    """The name as the catalogs store it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
