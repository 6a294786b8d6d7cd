"""What another tool has applied of a project's migrations before its history is taken over: to run
it again could double rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmig.adoption.model import Ledger, Tool
from sqlmig.adoption.registry import TOOLS
from sqlmig.adoption.writing import original_version
from sqlmig.engine.history.foreign import ForeignHistory, foreign_histories, read_ledger
from sqlmig.engine.history.reading import History
from sqlmig.model import MigrationFile, Migrations


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """The migrations that a tool's history has, or may have, and sqlmig's has not; `told` says it
    in words. `command` records them, once what stands `before` it is done."""

    migration_ids: tuple[str, ...]
    told: str
    command: str
    before: str = ""

    @property
    def remedy(self) -> str:
        """What to do, as a sentence."""
        if self.before:
            return f"{self.before}, then run `{self.command}`."
        return f"Record them: {self.command}."


def find_unrecorded(
    files: Migrations, history: History, *, has_own_schema: bool
) -> Unrecorded | None:
    """What another tool has applied of these; None where sqlmig's history has ever had a row.

    A migration is known by the version that import writes into its head. A table of another schema
    than the current one counts where it is the only one of that tool, unless the history has a
    schema of its own: then it may be that of another tenant.
    """
    by_tool = {tool: versions for tool in TOOLS if (versions := dict(_versions(tool, files)))}
    if not by_tool or history.has_rows():
        return None
    found = foreign_histories(history.connection)
    for tool, versions in by_tool.items():
        own = [each for each in found if each.tool is tool]
        for table in _meant(own, history, has_own_schema=has_own_schema):
            if unrecorded := _look_into(table, history, versions):
                return unrecorded
    return None


def _look_into(
    table: ForeignHistory, history: History, versions: Mapping[str, MigrationFile]
) -> Unrecorded | None:
    if table.is_readable:
        return _of_ledger(table, read_ledger(history.connection, table), versions)
    return Unrecorded(
        _ids(versions),
        f"this role cannot read {table.name}, so it is not known which of these migrations "
        f"{table.tool.name} has applied",
        _command(table.tool),
        before="Grant SELECT on it to this role",
    )


def _versions(tool: Tool, files: Migrations) -> Iterator[tuple[str, MigrationFile]]:
    for file in files:
        if (version := original_version(tool, file.file.script.text)) is not None:
            yield version, file


def _meant(
    own: Sequence[ForeignHistory], history: History, *, has_own_schema: bool
) -> Sequence[ForeignHistory]:
    here = [each for each in own if each.is_current]
    if here or history.scope is not None or len(own) > 1:
        return here
    return [each for each in own if each.tool.table.companions or not has_own_schema]


def _of_ledger(
    table: ForeignHistory, ledger: Ledger, versions: Mapping[str, MigrationFile]
) -> Unrecorded | None:
    tool = table.tool
    entries = {tool.key(entry.version) for entry in ledger.entries}
    ids = tuple(
        file.migration_id
        for version, file in versions.items()
        if tool.key(version) in entries or ledger.covers(version)
    )
    if ids:
        told = f"{tool.name} has applied {len(ids)} of these migrations ({table.name})"
        return Unrecorded(ids, f"{told}, and sqlmig has recorded none", _command(tool))
    if ledger.unfinished:
        told = f"{tool.name} has not finished all its work: {ledger.unfinished[0]} ({table.name})"
        before = f"Finish it, or remove the entry, with {tool.name}"
        return Unrecorded(_ids(versions), told, _command(tool), before)
    return None


def _ids(versions: Mapping[str, MigrationFile]) -> tuple[str, ...]:
    return tuple(file.migration_id for file in versions.values())


def _command(tool: Tool) -> str:
    return f"sqlmig baseline --from {tool.name}"
