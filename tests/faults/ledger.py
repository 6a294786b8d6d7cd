"""Migrations with countable effects, and the invariants that no fault may break.

Each `entry` creates its own table and adds one row to the ledger, so that work done in part, twice
or not at all is visible. Each `index` builds its own index, outside a transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import IsolationLevel

from sqlmig import Migrator
from sqlmig.model import MigrationState
from tests.database import Database
from tests.project import Project

LEDGER = "001_ledger"
_OURS = "relnamespace = 'public'::regnamespace"
_HISTORY = ("_yoyo_migration", "_yoyo_log", "_sqlmig_migration")


def write_ledger(project: Project, *entries: int, inside: str = "") -> None:
    """Writes the migration that creates the ledger, and entries with the given numbers."""
    project.migration(
        LEDGER,
        f"create table ledger (entry text);\ninsert into ledger values ('{LEDGER}');",
        "drop table ledger;",
    )
    for number in entries:
        write_entry(project, number, inside)


def write_entry(project: Project, number: int, inside: str = "") -> str:
    """Writes an entry that runs `inside` between creating its table and adding its row; returns its
    id."""
    name = f"{number:03d}_entry"
    project.migration(
        name,
        f"create table \"{name}\" (id int);\n{inside}\ninsert into ledger values ('{name}');",
        f"delete from ledger where entry = '{name}';\n{inside}\ndrop table \"{name}\";",
    )
    return name


def write_index(project: Project, number: int) -> str:
    """Writes a non-transactional migration with one index; returns its id."""
    name = f"{number:03d}_index"
    project.migration(
        name,
        f'-- transactional: false\ncreate index concurrently "{name}" on ledger (entry);',
        f'-- transactional: false\ndrop index concurrently "{name}";',
    )
    return name


def assert_consistent(database: Database, project: Project) -> None:
    """Asserts that history and schema agree now, and that a plain `apply` then completes
    everything."""
    assert_agreed(database, project)
    Migrator(project.config(database=database.url)).apply()
    assert_complete(database, project)


def assert_complete(database: Database, project: Project) -> None:
    """Asserts that everything is applied exactly once."""
    assert_agreed(database, project)
    states = Migrator(project.config(database=database.url)).status()
    assert {item.state for item in states} == {MigrationState.APPLIED}
    facts = Facts.of(database)
    ids = set(_ids(project))
    assert facts.applied == ids
    assert facts.valid_indexes == {name for name in ids if name.endswith("_index")}
    assert not facts.invalid_indexes


def assert_agreed(database: Database, project: Project) -> None:
    """Asserts that no migration is applied but unrecorded, recorded but not applied, half applied,
    or applied twice.

    This holds at every moment, even while the server still works for a killed runner: everything is
    read from one snapshot.
    """
    facts = Facts.of(database)
    for name in _ids(project):
        is_applied = name in facts.applied
        assert facts.times_applied[name] == is_applied, name
        assert (name in facts.completed) == is_applied, name
        if name.endswith("_index"):
            assert not is_applied or name in facts.valid_indexes, name
        else:
            assert facts.booked[name] == is_applied, name
            assert ((name if name != LEDGER else "ledger") in facts.tables) == is_applied, name
            assert name not in facts.partial, name


@dataclass(frozen=True)
class Facts:
    """What one snapshot of a database shows about the schema, the ledger and the history.

    `times_applied` is how often the log has a migration applied, minus how often rolled back.
    """

    tables: set[str]
    valid_indexes: set[str]
    invalid_indexes: set[str]
    booked: Counter[str]
    applied: set[str]
    times_applied: Counter[str]
    completed: set[str]
    partial: set[str]

    @classmethod
    def of(cls, database: Database) -> Facts:
        """Reads all of it in one snapshot."""
        with database.another_connection() as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            with connection.transaction():
                return cls._read(Database(connection))

    @classmethod
    def _read(cls, database: Database) -> Facts:
        tables = _names(database, f"SELECT relname FROM pg_class WHERE {_OURS} AND relkind = 'r'")
        index = (
            "SELECT relname FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid "
            f"WHERE {_OURS} AND relname LIKE '%\\_index' AND "
        )

        def rows(table: str, query: str) -> list[str]:
            return _names(database, query) if table in tables else []

        migrations, log, details = _HISTORY
        applied = rows(log, f"SELECT migration_id FROM {log} WHERE operation = 'apply'")
        undone = rows(log, f"SELECT migration_id FROM {log} WHERE operation = 'rollback'")
        times_applied = Counter(applied)
        times_applied.subtract(undone)
        return cls(
            set(tables),
            set(_names(database, index + "indisvalid")),
            set(_names(database, index + "NOT indisvalid")),
            Counter(rows("ledger", "SELECT entry FROM ledger")),
            set(rows(migrations, f"SELECT migration_id FROM {migrations}")),
            times_applied,
            set(
                rows(details, f"SELECT migration_id FROM {details} WHERE statements_total IS NULL")
            ),
            set(
                rows(
                    details,
                    f"SELECT migration_id FROM {details} WHERE statements_total IS NOT NULL",
                )
            ),
        )


def _names(database: Database, query: str) -> list[str]:
    return [name for (name,) in database.rows(query)]


def _ids(project: Project) -> Iterable[str]:
    return [file.migration_id for file in project.files()]
