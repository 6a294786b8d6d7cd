"""sqitch: `sqitch.plan` lists the changes in order; each has a script in `deploy`, `revert` and
`verify`.

Source: App::Sqitch 1.3.1: Plan.pm (the plan's lines; a name that occurs twice is reworked),
Plan/Change.pm (the text whose SHA-1 is a change's id; if a change is reworked later, the names of
its scripts contain the tag between the two; the hash of a deploy script is the SHA-1 of its bytes),
Plan/Depend.pm (how requirements are written), Engine/pg.sql (the registry), Engine/pg.pm (scripts
run in psql, each statement in its own transaction unless the script opens one).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Entry, Half, HistoryTable, Ledger, Original, Reading, Row, Tool
from sqlmig.adoption.psql import run_by_psql
from sqlmig.adoption.sqitch_plan import PLAN, Change, read_plan
from sqlmig.adoption.verifying import as_check
from sqlmig.errors import SourceError

_TABLE = HistoryTable(
    "changes",
    frozenset(
        {"change_id", "script_hash", "change", "project", "note", "committed_at", "committer_name"}
        | {"committer_email", "planned_at", "planner_name", "planner_email"}
    ),
    "SELECT change_id AS version, committed_at AS applied_at, script_hash AS checksum"
    " FROM {} ORDER BY committed_at, planned_at",
    companions=frozenset({"releases", "projects", "tags", "dependencies", "events"}),
)


def recognise(files: Files) -> str | None:
    """The plan, if there is one."""
    return PLAN if PLAN in files else None


def read(files: Files) -> Reading:
    """The changes of its plan, in order."""
    if PLAN not in files:
        return Reading((), (files.problem(PLAN, "there is no plan", "Name the folder with it."),))
    try:
        changes, problems = read_plan(files.script(PLAN))
    except SourceError as error:
        return Reading((), (error,))
    left_out: list[str] = []
    originals = [_original(files, change, left_out) for change in changes]
    return Reading(tuple(originals), tuple(problems), tuple(left_out))


def history(rows: Sequence[Row]) -> Ledger:
    """One row per deployed change; its id is the version."""
    return Ledger(tuple(Entry(row["version"], row["applied_at"], row["checksum"]) for row in rows))


def checksums(data: bytes) -> tuple[str, ...]:
    """The checksum that sqitch records for a deploy script."""
    return (hashlib.sha1(data, usedforsecurity=False).hexdigest(),)


def _original(files: Files, change: Change, left_out: list[str]) -> Original:
    problems = list(change.problems)
    deploy, revert, verify = (
        _name_of(files, folder, change) for folder in ("deploy", "revert", "verify")
    )
    up = _half(files, deploy, problems)
    if deploy is None:
        name = change.file_names("deploy")[0]
        problems.append(files.problem(name, "is not there", "Restore it from version control."))
    return Original(
        version=change.id,
        number="",
        name=change.name,
        paths=tuple(files.path(name) for name in (deploy, revert) if name),
        up=up,
        down=_half(files, revert, problems),
        description=change.note,
        requires=change.requires,
        remarks=tuple(_remarks(change)),
        check=_check(files, change, verify, left_out),
        problems=tuple(problems),
    )


def _name_of(files: Files, folder: str, change: Change) -> str | None:
    return next((name for name in change.file_names(folder) if name in files), None)


def _half(files: Files, name: str | None, problems: list[SourceError]) -> Half | None:
    if name is None:
        return None
    try:
        half, found = run_by_psql(files.script(name))
    except SourceError as error:
        problems.append(error)
        return None
    problems += found
    return half


def _check(files: Files, change: Change, name: str | None, left_out: list[str]) -> Half | None:
    """The verify script if it is a query that can become a check; otherwise it is left out. `sqitch
    verify` also leaves out those of reworked changes (Engine.pm, `_verify_changes`)."""
    if name is None:
        return None
    if change.rework_tags:
        left_out.append(f"{files.path(name)}: the verify script of a change that is reworked later")
        return None
    check = as_check(files.text(name), files.path(name))
    if check is None:
        left_out.append(f"{files.path(name)}: a verify script that is not one query")
    return check


def _remarks(change: Change) -> Iterator[str]:
    yield f"sqitch change: {change.name}"
    if change.tags:
        yield f"sqitch tags: {' '.join(change.tags)}"
    if change.others:
        yield f"sqitch dependencies that are not kept: {' '.join(change.others)}"


TOOL = Tool(
    "sqitch",
    layout="`sqitch.plan`, `deploy/users.sql`, `revert/users.sql`, `verify/users.sql`",
    directives="requirements, tags and reworked changes of the plan",
    refused="variables and meta-commands of psql",
    table=_TABLE,
    recognise=recognise,
    read=read,
    history=history,
    checksums=checksums,
)
