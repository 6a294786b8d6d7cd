"""Results as text for people: plain in a pipe, drawn by rich on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlmig.comparison import Comparison
from sqlmig.model import (
    Direction,
    LockHolder,
    MigrationFile,
    MigrationResult,
    MigrationState,
    MigrationStatus,
    Outcome,
    Report,
)
from sqlmig.mongo.results import DocumentState, SeedReport
from sqlmig.plan import Plan, PlannedMigration, Transactions
from sqlmig.report.table import Cell, Medium, table

if TYPE_CHECKING:
    from sqlmig.embedded import MongoStatus, ServerStatus

_STATE_COLOURS = {
    MigrationState.APPLIED: "green",
    MigrationState.REFORMATTED: "green",
    MigrationState.PENDING: "yellow",
    MigrationState.CHANGED: "red",
    MigrationState.MISSING: "red",
    MigrationState.PARTIAL: "red",
}
_SEEDED = {
    (DocumentState.NEW, True): "added",
    (DocumentState.UNCHANGED, False): "unchanged",
    (DocumentState.CHANGED, True): "updated",
    (DocumentState.CHANGED, False): "kept as changed",
    (DocumentState.DELETED, True): "added again",
    (DocumentState.DELETED, False): "left deleted",
}
_MOST_DIFFERENCES = 20
_AGES = (("day", 86400), ("h", 3600), ("min", 60), ("s", 1))


def status(statuses: Sequence[MigrationStatus], now: datetime, medium: Medium) -> str:
    """The table of all migrations, what to do about those that need it, and the count by state."""
    rows = [_status_row(item, now) for item in statuses]
    counts = Counter(item.state.value for item in statuses)
    counted = ", ".join(f"{counts[s.value]} {s.value}" for s in MigrationState if counts[s.value])
    parts = [
        table(("MIGRATION", "STATE", "APPLIED", "DESCRIPTION"), rows, medium),
        *(f"{item.migration_id}: {item.remedy}" for item in statuses if _is_remarkable(item)),
        f"{_count(len(statuses), 'migration')}: {counted}.",
    ]
    if counts["pending"]:
        parts.append("Next: sqlmig apply")
    return "\n".join(parts)


def plan(planned: Plan, medium: Medium) -> str:
    """What a run would do, in order, and the SQL that it would send."""
    if not planned.migrations:
        return _with_warnings(planned.warnings, nothing_to_do(planned.direction))
    verb = {Direction.APPLY: "apply", Direction.ROLLBACK: "roll back"}[planned.direction]
    how = {
        Transactions.EACH: "each in its own transaction",
        Transactions.TOGETHER: "all in one transaction",
    }[planned.transactions]
    scripts = "\n\n".join(_script(migration) for migration in planned.migrations)
    rows = [_plan_row(migration) for migration in planned.migrations]
    count = _count(len(planned.migrations), "migration")
    drawn = table(("MIGRATION", "STATEMENTS", "DESCRIPTION"), rows, medium)
    text = f"{scripts}\n\n{drawn}\nWould {verb} {count}, {how}. Nothing was changed."
    return _with_warnings(planned.warnings, text)


def finished(result: MigrationResult) -> str:
    """The line of a migration that is committed."""
    done = "applied" if result.direction is Direction.APPLY else "rolled back"
    return f"{done}  {result.migration_id}  ({duration(result.duration)})"


def waiting(holder: LockHolder | None, remaining: float) -> str:
    """The line of a runner that waits for another."""
    who = holder or "a session that this role may not see"
    return f"waiting for another runner: {who}; giving up in {remaining:.0f} s"


def retrying(migration_ids: Sequence[str], reason: str, delay: float) -> str:
    """The line of a migration that is run again."""
    return f"{', '.join(migration_ids)}  undone: {reason}; trying again in {delay:.1f} s"


def summary(report: Report) -> str:
    """One line that says what a run did, after its warnings."""
    done = len(report.ids(Outcome.DONE))
    verb = "applied" if report.direction is Direction.APPLY else "rolled back"
    text = f"{_count(done, 'migration')} {verb}." if done else nothing_to_do(report.direction)
    return _with_warnings(report.warnings, text)


def nothing_to_do(direction: Direction) -> str:
    """That a plan is empty."""
    return {
        Direction.APPLY: "Nothing to apply: the database is up to date.",
        Direction.ROLLBACK: "Nothing to roll back: what was named is not applied.",
    }[direction]


def validated(migrations: Sequence[MigrationFile]) -> str:
    """That all files can be used."""
    irreversible = sum(migration.rollback is None for migration in migrations)
    rest = f", {irreversible} of them irreversible" if irreversible else ", each with its rollback"
    return f"{_count(len(migrations), 'migration')}{rest}: all can be read."


def comparison(result: Comparison) -> str:
    """The differences of one migration, or that there are none."""
    notes = "".join(f"{result.migration_id}: {note}\n" for note in result.notes)
    if not result.difference and not notes:
        return f"{result.migration_id}: the files are as recorded."
    return (notes + result.difference).rstrip("\n")


def repaired(migration_ids: Sequence[str]) -> str:
    """Which records were brought up to the files."""
    lines = [f"{migration_id}  recorded as its files are now" for migration_id in migration_ids]
    return "\n".join(lines) or "Nothing to repair: every file is as recorded."


def server(found: ServerStatus) -> str:
    """Where the embedded server is, and how to reach and stop it."""
    if found.data is None:
        return "There is no embedded server yet. Make one with `sqlmig embedded start`."
    state = f"running, server pid {found.pid}" if found.running else "stopped"
    lines = [f"PostgreSQL {found.version or '(not made yet)'}: {state}"]
    lines += [f"data  {found.data}", f"log   {found.log}", f"url   {found.url}"]
    if found.running:
        lines += [f"Reach it with: psql '{found.url}'", "Stop it with:  sqlmig embedded stop"]
    return "\n".join(lines)


def servers(postgres: ServerStatus, mongo: MongoStatus) -> str:
    """The embedded servers that there are."""
    return (
        server(postgres) if mongo.data is None else f"{server(postgres)}\n\n{mongo_server(mongo)}"
    )


def mongo_server(found: MongoStatus) -> str:
    """Where the embedded MongoDB is, and how to reach it."""
    state = f"running, server pid {found.pid}" if found.running else "stopped"
    lines = [f"MongoDB (SecantusDB): {state}", f"data  {found.data}", f"log   {found.log}"]
    if found.running:
        lines += [f"url   {found.url}", f"Reach it with: mongosh '{found.url}'"]
    return "\n".join(lines)


def mongo_seeded(report: SeedReport, medium: Medium) -> str:
    """What seeding did to each file's documents."""
    return (
        f"{_seed_table(report, medium)}\nSeeded for {report.environment.value}: {_tally(report)}."
    )


def mongo_plan(report: SeedReport, medium: Medium) -> str:
    """What seeding would do."""
    tally = _tally(report)
    return (
        f"{_seed_table(report, medium)}\n"
        f"Would seed for {report.environment.value}: {tally}. Nothing was written."
    )


def mongo_status(report: SeedReport, medium: Medium) -> str:
    """How the fixtures stand in the database, and what does not belong there."""
    counts = [f"{report.count(s)} {s.value}" for s in DocumentState if report.count(s)]
    lines = [_seed_table(report, medium)]
    lines += [
        f"{collection}: {_count(count, 'demo document')} in a production database; remove them"
        for collection, count in report.demo_documents.items()
    ]
    lines.append(f"Fixtures for {report.environment.value}: {', '.join(counts) or 'none'}.")
    if any(report.count(state) and report.writes(state) for state in DocumentState):
        lines.append("Next: sqlmig mongo seed")
    return "\n".join(lines)


def mongo_reset(collections: Sequence[str]) -> str:
    """Which collections are gone."""
    if not collections:
        return "Nothing to drop: sqlmig has seeded nothing here."
    return f"Dropped {', '.join(collections)}. Seed again with: sqlmig mongo seed"


def stopped(was_running: bool) -> str:  # noqa: FBT001  # the one fact to tell
    """That the embedded server does not run any more."""
    return "Stopped; the data stay." if was_running else "It was not running."


def thrown_away() -> str:
    """That the embedded server is gone."""
    return "The embedded servers and their data are gone."


def duration(seconds: float) -> str:
    """A time at a readable precision."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min"


def age(since: timedelta) -> str:
    """How long ago something was, in its largest unit."""
    seconds = max(int(since.total_seconds()), 0)
    for unit, size in _AGES:
        if seconds >= size:
            number = seconds // size
            plural = "s" if unit == "day" and number > 1 else ""
            return f"{number} {unit}{plural} ago"
    return "just now"


def _is_remarkable(item: MigrationStatus) -> bool:
    return bool(item.remedy) and (item.state is not MigrationState.PENDING or item.out_of_order)


def _status_row(item: MigrationStatus, now: datetime) -> tuple[Cell, ...]:
    applied = item.applied
    when = age(now - applied.applied_at) if applied and applied.applied_at else ""
    state = item.state.value
    if item.out_of_order:
        state += ", out of order"
    if applied and applied.is_partial:
        state += f" ({applied.statements_done} of {applied.statements_total} statements)"
    return (
        Cell(item.migration_id),
        Cell(state, _STATE_COLOURS[item.state]),
        Cell(when),
        Cell(item.description),
    )


def _seed_table(report: SeedReport, medium: Medium) -> str:
    """The table of the files, and below it what someone changed or deleted."""
    states = [state.value for state in DocumentState]
    rows = [
        (
            Cell(file.collection),
            *(Cell(str(file.counts.get(state, 0))) for state in DocumentState),
            Cell(file.path),
        )
        for file in report.files
    ]
    lines = [table(("COLLECTION", *map(str.upper, states), "FILE"), rows, medium)]
    differences = [standing for file in report.files for standing in file.differences]
    for standing in differences[:_MOST_DIFFERENCES]:
        fields = f" in {', '.join(standing.fields)}" if standing.fields else ""
        document = standing.document
        lines.append(f"{document.place}: {document.id} is {standing.state.value}{fields}")
    if len(differences) > _MOST_DIFFERENCES:
        lines.append(f"and {len(differences) - _MOST_DIFFERENCES} more")
    return "\n".join(lines)


def _tally(report: SeedReport) -> str:
    counts = [(state, report.count(state)) for state in DocumentState]
    words = [f"{n} {_SEEDED[state, report.writes(state)]}" for state, n in counts if n]
    return ", ".join(words) or "no documents"


def _plan_row(migration: PlannedMigration) -> tuple[Cell, ...]:
    return (
        Cell(migration.migration_id),
        Cell(str(len(migration.prepared.statements))),
        Cell(migration.description),
    )


def _script(migration: PlannedMigration) -> str:
    mode = "" if migration.directives.transactional else " (outside a transaction)"
    return f"-- {migration.prepared.script.path}{mode}\n{migration.prepared.text.strip()}"


def _with_warnings(warnings: Sequence[str], text: str) -> str:
    return "\n".join((*(f"Warning: {warning}" for warning in warnings), text))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
