"""Takes over from another tool's history what is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Entry, Ledger, Tool
from sqlmig.adoption.writing import original_version
from sqlmig.engine.database import Database
from sqlmig.engine.history.foreign import ForeignHistory, foreign_histories, read_ledger
from sqlmig.engine.history.reading import History
from sqlmig.engine.run.marks import mark
from sqlmig.errors import PlanError
from sqlmig.model import Applied, MigrationFile, Migrations
from sqlmig.operations.marking import Marking, plan_whole, record_marking

_EVER = datetime.min.replace(tzinfo=UTC)  # before any time that a tool has recorded
_TICK = timedelta(microseconds=1)
_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Adoption:
    """What was recorded from another tool's history: the ids, in the order of application.
    `keeps_times` says that the times are the tool's, and not the baseline's; `left_out` are entries
    of the history that are not migrations from files."""

    tool: str
    table: str
    migration_ids: tuple[str, ...]
    keeps_times: bool
    left_out: tuple[str, ...] = ()


def adopt_history(
    database: Database, files: Migrations, tool: Tool, folder: Path | None = None
) -> Adoption:
    """Records as applied exactly what the tool's history says, without running anything; the tool's
    table is only read. `folder` has the originals, whose checksums are compared.

    Raises PlanError, before anything is written, if there is no such history, or several; if an
    entry is unfinished, matches no file, or has another text; and if sqlmig's own history in the
    database says something else.
    """
    with database.history() as history:
        found = _only_history(tool, foreign_histories(history.connection))
        ledger = read_ledger(history.connection, found)
    _refuse_unfinished(tool, ledger)
    if folder is not None:
        _refuse_other_texts(tool, ledger, folder)
    matched = _matched(tool, ledger, files)
    times = dict(_increasing(matched))
    chosen = tuple(file for file, _ in matched)
    reason = f"baseline from {tool.name}"

    def plan(rows: Applied) -> Marking:
        return plan_whole(chosen, rows, reason)

    def write(history: History, files: Migrations, reason: str) -> None:
        mark(history, files, reason, times)

    marked = record_marking(database, files, plan, write)
    return Adoption(tool.name, str(found), marked, bool(times), ledger.left_out)


def _only_history(tool: Tool, found: Sequence[ForeignHistory]) -> ForeignHistory:
    own = [each for each in found if each.tool is tool]
    own = [each for each in own if each.is_current] or own
    if len(own) == 1:
        return own[0]
    if own:
        raise PlanError(
            f"several schemas have a history of {tool.name}: {', '.join(e.schema for e in own)}",
            remedy="Put the right one first in the search_path of the role or the URL.",
        )
    others = ", ".join(map(str, found))
    raise PlanError(
        f"this database has no {tool.table.name} of {tool.name}",
        remedy=f"It has {others}: name that tool."
        if others
        else "Check which database this is; if the tool's table has another name, rename it.",
    )


def _refuse_unfinished(tool: Tool, ledger: Ledger) -> None:
    if ledger.unfinished:
        raise PlanError(
            f"the history of {tool.name} has unfinished entries: {_listed(ledger.unfinished)}",
            remedy=f"Finish or undo them with {tool.name}, correct its history, and run this "
            "again. Nothing was recorded.",
        )


def _matched(
    tool: Tool, ledger: Ledger, files: Migrations
) -> list[tuple[MigrationFile, datetime | None]]:
    """The applied migrations, in the order of application, with the tool's times."""
    versions = {file.migration_id: original_version(tool, file.file.script.text) for file in files}
    by_key: dict[str, MigrationFile] = {}
    for file in files:
        if (version := versions[file.migration_id]) is not None:
            _refuse_second(tool, version, file, by_key)
            by_key[tool.key(version)] = file
    if not by_key:
        raise PlanError(
            f"no migration of this project was imported from {tool.name}",
            remedy=f"Import its files first: sqlmig import FOLDER --from {tool.name}.",
        )
    entries = {tool.key(entry.version): entry for entry in ledger.entries}
    _refuse_unknown(tool, [entry for key, entry in entries.items() if key not in by_key])
    covered = (
        key for key, file in by_key.items() if ledger.covers(versions[file.migration_id] or "")
    )
    times = dict.fromkeys(covered) | {key: entry.applied_at for key, entry in entries.items()}
    chosen = [(by_key[key], time) for key, time in times.items()]
    return sorted(chosen, key=lambda each: (each[1] or _EVER, each[0].order))


def _refuse_second(
    tool: Tool, version: str, file: MigrationFile, by_key: Mapping[str, MigrationFile]
) -> None:
    if earlier := by_key.get(tool.key(version)):
        raise PlanError(
            f"{earlier.migration_id} and {file.migration_id} have the same version of {tool.name}, "
            f"{version}: its history does not say which of them is applied",
            remedy="Remove the version from the head of the one that is not. Nothing was recorded.",
        )


def _refuse_unknown(tool: Tool, unknown: Sequence[Entry]) -> None:
    if unknown:
        raise PlanError(
            f"the history of {tool.name} has entries that match no migration of this project: "
            f"{_listed([entry.version for entry in unknown])}",
            remedy="Import their files, or write each with "
            f"`-- {tool.name} version: <version>` at its head. Nothing was recorded.",
        )


def _refuse_other_texts(tool: Tool, ledger: Ledger, folder: Path) -> None:
    """Raises PlanError for original files that differ from what was applied."""
    if tool.checksums is None:
        raise PlanError(
            f"{tool.name} keeps no checksums to compare with files",
            remedy="Run this again without --folder.",
        )
    originals = tool.read(Files.below(folder)).originals
    paths = {tool.key(each.version): each.paths[0] for each in originals if each.paths}
    other = [
        path
        for entry in ledger.entries
        if entry.checksum and (path := paths.get(tool.key(entry.version)))
        if not _has_checksum(tool, Path(path), entry.checksum)
    ]
    lacking = [entry.version for entry in ledger.entries if tool.key(entry.version) not in paths]
    if other or lacking:
        problems = [f"not what was applied: {_listed(other)}"] if other else []
        problems += [f"missing: {_listed(lacking)}"] if lacking else []
        raise PlanError(
            f"the files of {tool.name} differ from its history; {'; '.join(problems)}",
            remedy="Restore them and import them again. To record the project's files as they are: "
            "omit --folder. Nothing was recorded.",
        )


def _has_checksum(tool: Tool, path: Path, checksum: str) -> bool:
    """Whether the file has the recorded checksum; False if it cannot be read."""
    try:
        data = path.read_bytes() if path.is_file() else None  # reading a pipe would block
    except OSError:
        return False
    return data is not None and tool.checksums is not None and checksum in tool.checksums(data)


def _increasing(
    matched: Sequence[tuple[MigrationFile, datetime | None]],
) -> Iterator[tuple[str, datetime]]:
    """The tool's times, each made later than the previous one to keep the order. Migrations without
    a time come right before the first that has one."""
    known = [time for _, time in matched if time is not None]
    if not known:
        return
    earliest = min(known) - _TICK * len(matched)
    latest = earliest
    for file, time in matched:
        latest = max(time or earliest, latest + _TICK)
        yield file.migration_id, latest


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_SHOWN
    shown = ", ".join(names[:_MOST_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown
