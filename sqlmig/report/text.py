"""Results as text for people: plain in a pipe, drawn by rich on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
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
    Severity,
)
from sqlmig.plan import Plan, PlannedMigration, Transactions
from sqlmig.report.table import Cell, Medium, table

if TYPE_CHECKING:
    from sqlmig.authoring import Written
    from sqlmig.changelog.linter import Inspection
    from sqlmig.embedded import ServerStatus
    from sqlmig.starter import Starter

_STATE_COLOURS = {
    MigrationState.APPLIED: "green",
    MigrationState.REFORMATTED: "green",
    MigrationState.PENDING: "yellow",
    MigrationState.CHANGED: "red",
    MigrationState.MISSING: "red",
    MigrationState.PARTIAL: "red",
}
_POSTGRES_PORT = 5432
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
    if following := _next(statuses):
        parts.append(f"Next: {following}")
    return "\n".join(parts)


def plan(planned: Plan, medium: Medium, target: str | None = None) -> str:
    """What a run, up to the target if there is one, would do, and the SQL that it would send."""
    if not planned.migrations:
        return nothing_to_do(planned.direction, target)
    verb = {Direction.APPLY: "apply", Direction.ROLLBACK: "roll back"}[planned.direction]
    scripts = "\n\n".join(_script(migration) for migration in planned.migrations)
    rows = [_plan_row(migration) for migration in planned.migrations]
    count = _count(len(planned.migrations), "migration")
    drawn = table(("MIGRATION", "STATEMENTS", "DESCRIPTION"), rows, medium)
    return f"{scripts}\n\n{drawn}\nWould {verb} {count}, {_how(planned)}. Nothing was changed."


def database(parameters: Mapping[str, str], origin: str) -> str:
    """Which database is meant, by libpq's names of parameters, and what named it; "" where that is
    unknown, or where part of a password may have been read as something else."""
    if _may_hold_a_password(parameters):
        return ""
    if "service" in parameters:
        return f"Database: that of the service {parameters['service']}, from {origin}"
    name = parameters.get("dbname") or parameters.get("user", "")
    if not name or "@" in name:
        return ""
    return f"Database: {name} on {_servers(parameters)}, from {origin}"


def embedded_database() -> str:
    """That the project's own server is meant."""
    return "Database: the embedded server"


def warning(words: str) -> str:
    """The line of a warning."""
    return f"Warning: {words}"


def started(migration_id: str, direction: Direction) -> str:
    """The line of a migration that begins."""
    doing = "applying" if direction is Direction.APPLY else "rolling back"
    return f"{doing}  {migration_id} …"


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


def summary(report: Report, target: str | None = None) -> str:
    """One line that says what a run, up to the target if there was one, did."""
    done = len(report.ids(Outcome.DONE))
    verb = "applied" if report.direction is Direction.APPLY else "rolled back"
    if not done:
        return nothing_to_do(report.direction, target)
    return f"{_count(done, 'migration')} {verb}."


def nothing_to_do(direction: Direction, target: str | None = None) -> str:
    """That a plan is empty; what is pending beyond a target is not known."""
    if direction is Direction.APPLY and target is not None:
        return f"Nothing to apply up to {target}."
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


def repaired(migration_ids: Sequence[str], references: Sequence[str] = ()) -> str:
    """Which records were brought up to the files, of those named or of all."""
    lines = [f"{migration_id}  recorded as its files are now" for migration_id in migration_ids]
    named = f"{', '.join(references)} {'is' if len(references) == 1 else 'are'}"
    kept = named if references else "every file is"
    return "\n".join(lines) or f"Nothing to repair: {kept} as recorded."


def starter(written: Starter) -> str:
    """Which files a new project got, and what to do next."""
    lines = [f"made  {path}" for path in written.created]
    lines += [f"kept  {path}, which was there" for path in written.kept]
    if not lines:
        return "Nothing to make: this project has settings and migrations."
    return "\n".join((*lines, "Next: sqlmig apply"))


def inspection(found: Inspection) -> str:
    """Every finding of a check of the changelog with its remedy, and how many there are."""
    lines = [f"{finding}\n  {finding.remedy}" for finding in found.findings]
    return "\n".join((*lines, inspected(found)))


def inspected(found: Inspection) -> str:
    """What was looked at, and how many findings of each severity there are."""
    looked_at = f"{_count(found.migrations, 'migration')} in {found.state}"
    counts = Counter(finding.severity for finding in found.findings)
    if counts:
        told = (_count(counts[each], each.value) for each in Severity if counts[each])
        return f"{looked_at}: {', '.join(told)}."
    if not found.migrations:
        return f"{looked_at}. Look at files that git does not have yet with --worktree."
    return f"{looked_at}: {found.changelog} has an entry for each."


def written(result: Written) -> str:
    """What was written for a migration: its files, and the line in the changelog."""
    lines = [f"made  {path}" for path in result.paths]
    return "\n".join((*lines, f"entered  {result.entry}: {result.bullet}"))


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


def stopped(was_running: bool) -> str:  # noqa: FBT001  # the one fact to tell
    """That the embedded servers do not run any more."""
    return "Stopped; the data stay." if was_running else "It was not running."


def thrown_away() -> str:
    """That the embedded servers are gone."""
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


def _next(statuses: Sequence[MigrationStatus]) -> str:
    """The first thing to do that will work, for what is changed or missing stops an apply."""
    for item in statuses:
        if item.state is MigrationState.CHANGED:
            return f"sqlmig diff {item.migration_id}"
    for item in statuses:
        if item.remedy.startswith("restore"):
            return f"{item.migration_id}: {item.remedy}"
    if any(item.out_of_order for item in statuses):
        return "sqlmig apply --allow-out-of-order"
    is_open = any(
        item.state in (MigrationState.PENDING, MigrationState.PARTIAL) for item in statuses
    )
    return "sqlmig apply" if is_open else ""


def _may_hold_a_password(parameters: Mapping[str, str]) -> bool:
    """Whether a URL was cut within its password, which then reaches to its last `@`."""
    ports = parameters.get("port", "").split(",")
    return not all(port.isdecimal() for port in ports if port) or any(
        "@" in value for name, value in parameters.items() if name not in ("user", "password")
    )


def _servers(parameters: Mapping[str, str]) -> str:
    named = parameters.get("host") or parameters.get("hostaddr")
    if not named:
        return "the local socket"
    hosts, ports = named.split(","), parameters.get("port", "").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    pairs = zip_longest(hosts, ports)
    return ",".join(f"{host}:{port or _POSTGRES_PORT}" for host, port in pairs)


def _how(planned: Plan) -> str:
    """In which transactions a plan runs."""
    if planned.transactions is Transactions.TOGETHER:
        return "all in one transaction"
    outside = [m.migration_id for m in planned.migrations if not m.directives.transactional]
    if outside:
        return f"each by itself; {', '.join(outside)} outside a transaction"
    return "each in its own transaction"


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
        Cell(f"(irreversible) {item.description}" if item.irreversible else item.description),
    )


def _plan_row(migration: PlannedMigration) -> tuple[Cell, ...]:
    return (
        Cell(migration.migration_id),
        Cell(_statements(migration)),
        Cell(migration.description),
    )


def _script(migration: PlannedMigration) -> str:
    """The SQL that is going to be sent."""
    prepared, done = migration.prepared, migration.resumption.done
    mode = "" if migration.directives.transactional else " (outside a transaction)"
    start = prepared.statements[done - 1].stop if done else 0
    return f"-- {prepared.script.path}{mode}\n{prepared.text[start:].strip()}"


def _statements(migration: PlannedMigration) -> str:
    total, done = len(migration.prepared.statements), migration.resumption.done
    return f"{done + 1} to {total}" if done else str(total)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
