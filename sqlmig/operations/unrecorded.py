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
    """The migrations that a tool's history has and sqlmig's has not; `told` says it in words,
    `command` records them."""

    migration_ids: tuple[str, ...]
    told: str
    command: str


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
        own = [each for each in found if each.tool is tool and each.is_readable]
        for table in _meant(own, history, has_own_schema=has_own_schema):
            if told := _told(table, read_ledger(history.connection, table), versions):
                return told
    return None


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


def _told(
    table: ForeignHistory, ledger: Ledger, versions: Mapping[str, MigrationFile]
) -> Unrecorded | None:
    tool = table.tool
    entries = {tool.key(entry.version) for entry in ledger.entries}
    ids = tuple(
        file.migration_id
        for version, file in versions.items()
        if tool.key(version) in entries or ledger.covers(version)
    )
    command = f"sqlmig baseline --from {tool.name}"
    if ids:
        told = f"{tool.name} has applied {len(ids)} of these migrations ({table.name})"
        return Unrecorded(ids, f"{told}, and sqlmig has recorded none", command)
    if ledger.unfinished:
        told = f"{tool.name} has not finished one of these migrations ({table.name})"
        every = tuple(file.migration_id for file in versions.values())
        return Unrecorded(every, f"{told}, and sqlmig has recorded none", command)
    return None
