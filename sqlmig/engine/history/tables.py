"""The tables of a history: their names, and the structure that sqlmig needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MIGRATIONS = "_yoyo_migration"
LOG = "_yoyo_log"
VERSION = "_yoyo_version"
LOCK = "yoyo_lock"  # created by yoyo when it runs, never by sqlmig
DETAILS = "_sqlmig_migration"
STATE = "_sqlmig_state"
SEEDS = "_sqlmig_seed"
EVENTS = "_sqlmig_event"
OF_YOYO = (MIGRATIONS, LOG, VERSION)
OURS = (DETAILS, STATE, SEEDS, EVENTS)
# All tables that sqlmig and yoyo keep in the schema of a history, and no others.
OWN_TABLES = (*OF_YOYO, LOCK, *OURS)

_TEXT = ("text", "varchar")
_COUNT = ("int2", "int4", "int8")
_UTC, _TIME = ("timestamp",), ("timestamptz",)

# The types that each column may have. Source: yoyo's internal schema 2, and `creation`.
_COLUMNS: Mapping[str, Mapping[str, Sequence[str]]] = {
    MIGRATIONS: {"migration_hash": _TEXT, "migration_id": _TEXT, "applied_at_utc": _UTC},
    LOG: dict.fromkeys(
        ("id", "migration_hash", "migration_id", "operation", "username", "hostname", "comment"),
        _TEXT,
    )
    | {"created_at_utc": _UTC},
    VERSION: {"version": _COUNT, "installed_at_utc": _UTC},
    DETAILS: dict.fromkeys(
        ("migration_id", "checksum", "apply_sql", "rollback_sql", "rollback_checksum"), _TEXT
    )
    | dict.fromkeys(
        ("statements_done", "statements_begun", "statements_total", "duration_ms"), _COUNT
    )
    | {"applied_at": _TIME, "applied_by": _TEXT, "sqlmig_version": _TEXT},
    STATE: {"key": _TEXT, "value": ("jsonb",)},
    SEEDS: dict.fromkeys(("seed", "checksum", "environment", "seeded_by"), _TEXT)
    | {"rows_written": ("jsonb",), "seeded_at": _TIME},
    EVENTS: dict.fromkeys(("happened_by", "event", "subject", "reason"), _TEXT)
    | {"happened_at": _TIME},
}
# The columns that must be unique, for ON CONFLICT and for yoyo's marks.
_KEYS: Mapping[str, str] = {
    MIGRATIONS: "migration_hash",
    DETAILS: "migration_id",
    STATE: "key",
    SEEDS: "seed",
}
_IS_A_TABLE = ("r", "p")


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A relation with the name of a history table: its kind as in pg_class, its columns with their
    types, the columns that have a unique index of their own, whether row level security hides rows
    from this role, and whether this role can read it."""

    schema: str
    name: str
    kind: str
    columns: Mapping[str, str]
    keys: Sequence[str]
    is_hidden: bool
    is_readable: bool

    @classmethod
    def of(cls, row: Sequence[Any]) -> FoundTable:
        """The table from a row of the survey."""
        schema, name, kind, columns, keys, is_hidden, is_readable = row
        return cls(schema, name, kind, columns, keys, is_hidden, is_readable)

    def damage(self) -> Iterator[str]:
        """What is wrong with it, in words."""
        if self.kind not in _IS_A_TABLE:
            yield f"{self.name} is not a table"
            return
        for column, types in _COLUMNS.get(self.name, {}).items():
            if column not in self.columns:
                yield f"{self.name} has no column {column}"
            elif self.columns[column] not in types:
                yield f"{self.name}.{column} has the type {self.columns[column]}, not {types[0]}"
        if (key := _KEYS.get(self.name)) and key in self.columns and key not in self.keys:
            yield f"{self.name}.{key} has no unique index"


def damage_of(found: Mapping[str, FoundTable]) -> Iterator[str]:
    """What is wrong with the tables of one history, given by name. yoyo's tables must all exist if
    one does, and so must ours."""
    for family in (OF_YOYO, OURS):
        if not found.keys().isdisjoint(family):
            yield from (f"the table {name} is missing" for name in family if name not in found)
    for table in found.values():
        yield from table.damage()
