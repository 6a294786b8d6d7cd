"""Proves that seeds are idempotent: runs all once, then each a second time, and keeps nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlmig.engine.guard.rows import contents
from sqlmig.engine.guard.tables import Tables, all_tables, written
from sqlmig.engine.run.script import ScriptRunner
from sqlmig.engine.seeds.seeding import Seeder, SeedWatch, told
from sqlmig.engine.server.connection import Connection, undo
from sqlmig.engine.server.failure import ScriptError, TransactionEndedError
from sqlmig.engine.server.savepoint import Savepoint
from sqlmig.model import UnstableSeed
from sqlmig.plan import PlannedSeed


def unstable_seeds(seeder: Seeder, seeds: Sequence[PlannedSeed]) -> list[UnstableSeed]:
    """The seeds whose second run fails, or changes what the first runs left.

    Keeps nothing. Values of now() are equal, because both runs are in one transaction. Raises
    SeedFailedError if a first run fails, and ForbiddenSeedError for a seed that writes to a table
    that its tier must not write to.
    """
    session = seeder.session
    watch = SeedWatch(session.history, seeder.forbidden)
    runner = ScriptRunner(session, [watch])
    try:
        for seed in seeds:
            runner.run(seed)
        found = [_unstable(runner, seed) for seed in seeds]
    except ScriptError as failure:
        undo(session.connection)  # a failed transaction accepts no queries
        raise told(failure, session.connection, seeder.consequence) from failure
    finally:
        session.connection.rollback()
    return [seed for seed in found if seed is not None]


def _unstable(runner: ScriptRunner, seed: PlannedSeed) -> UnstableSeed | None:
    history, connection = runner.session.history, runner.session.connection
    first = all_tables(history)
    first_runs = Savepoint()
    connection.execute(first_runs.set.encode())
    try:
        runner.run(seed)
    except TransactionEndedError:
        raise
    except ScriptError as failure:
        connection.execute(first_runs.return_to.encode())
        return UnstableSeed(seed.name, f"its second run fails: {failure.message}")
    second = all_tables(history)
    touched = {rows.table for rows in written(first, second).values()}
    after = _contents(connection, second, touched)
    connection.execute(first_runs.return_to.encode())
    before = _contents(connection, first, touched)
    changed = sorted(label for label in touched if before.get(label) != after.get(label))
    if not changed:
        return None
    return UnstableSeed(seed.name, f"its second run changes rows of {', '.join(changed)}")


def _contents(connection: Connection, tables: Tables, labels: Collection[str]) -> dict[str, object]:
    """The contents of the labelled tables that exist; a table that was recreated keeps its
    label."""
    return {
        table.label: contents(connection, table.identifier)
        for table in tables.values()
        if table.label in labels
    }
