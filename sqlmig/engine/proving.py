"""Proves that seeds are idempotent: each runs twice in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlmig.engine.connection import Connection
from sqlmig.engine.failure import ScriptError
from sqlmig.engine.rows import contents
from sqlmig.engine.script import ScriptRunner
from sqlmig.engine.seeding import Seeder, told
from sqlmig.engine.tables import Table, all_tables, written
from sqlmig.model import UnstableSeed
from sqlmig.plan import PlannedSeed

_SAVEPOINT = "_sqlmig_first_run"


def unstable_seeds(seeder: Seeder, seeds: Sequence[PlannedSeed]) -> list[UnstableSeed]:
    """The seeds whose second run fails, or changes what the first left; nothing is kept.

    Values of now() count as equal, for both runs have one transaction time. Raises SeedFailedError
    where a first run fails.
    """
    connection = seeder.history.connection
    runner = ScriptRunner(seeder.history, seeder.lock, seeder.limits, 2 * len(seeds))
    try:
        found = [_unstable(connection, runner, seed) for seed in seeds]
    except ScriptError as failure:
        raise told(failure) from failure
    finally:
        connection.rollback()
    return [seed for seed in found if seed is not None]


def _unstable(
    connection: Connection, runner: ScriptRunner, seed: PlannedSeed
) -> UnstableSeed | None:
    before = all_tables(connection)
    runner.run(seed)
    connection.execute(f"SAVEPOINT {_SAVEPOINT}")
    try:
        runner.run(seed)
    except ScriptError as failure:
        connection.execute(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        return UnstableSeed(seed.name, f"its second run fails: {failure.message}")
    now = all_tables(connection)
    touched = [now[oid] for oid in written(before, now) if oid in now]
    second = _contents(connection, touched)
    connection.execute(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
    first = _contents(connection, touched)
    changed = [table.label for table in touched if first[table.oid] != second[table.oid]]
    if not changed:
        return None
    return UnstableSeed(seed.name, f"its second run changes rows of {', '.join(changed)}")


def _contents(connection: Connection, tables: Iterable[Table]) -> dict[int, object]:
    return {table.oid: contents(connection, table.identifier) for table in tables}
