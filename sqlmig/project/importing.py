"""Converts the migrations of another tool to files of the project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Reading, Tool
from sqlmig.adoption.registry import recognised, tool_named
from sqlmig.adoption.writing import VERSION, Adopted, adopted, original_version
from sqlmig.config import Config, path_in
from sqlmig.errors import ConfigError, SourceError
from sqlmig.model import Location, migration_number
from sqlmig.project.files import write_new
from sqlmig.source.files import read_script
from sqlmig.source.folders import SUFFIX, usable_scripts
from sqlmig.source.lexer import LexError


class Placement(Enum):
    """What was done with a migration of another tool."""

    WRITTEN = "written"
    KEPT = "kept"
    DIFFERENT = "different"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ImportedMigration:
    """A migration of another tool: its files, its id in sqlmig, and the files that it became, or
    would become.

    KEPT: the files exist with the same content, or the original is refused but a migration with its
    id exists. DIFFERENT: the files exist with other content. `notes` say what differs from the
    original.
    """

    originals: tuple[str, ...]
    migration_id: str
    outcome: Placement
    paths: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import: the tool, each migration in the tool's order, what could not be
    converted, with its location, and what could safely be left out. With `is_trial`, nothing was
    written."""

    tool: str
    migrations: tuple[ImportedMigration, ...]
    problems: tuple[SourceError, ...]
    left_out: tuple[str, ...]
    is_trial: bool

    @property
    def is_whole(self) -> bool:
        """Whether everything was converted."""
        return not self.problems


def import_migrations(
    config: Config, folder: Path, tool: str | None = None, *, trial: bool = False
) -> Imported:
    """Converts the migrations in that folder, with their rollbacks, to sqlmig's; overwrites
    nothing.

    `tool` is needed if the files do not show it. With `trial`, nothing is written. Raises
    ConfigError, before anything is written, if the folder belongs to no known tool, to several, or
    to the project itself; if another migration of the project has the same number; if the project
    has one of the migrations under another id; and if a file cannot be written.
    """
    targets = _Targets.of(config)
    targets.refuse_as_source(folder)
    files = Files.below(folder)
    chosen = tool_named(tool) if tool else recognised(files)
    reading = chosen.read(files)
    if not reading.originals and not reading.problems:
        raise ConfigError(
            f"{folder} has no migrations of {chosen.name}",
            remedy=f"Its files are named like this: {chosen.layout}.",
        )
    found = adopted(chosen, reading.originals)
    targets = replace(targets, tool=chosen.name)
    targets.refuse_taken_numbers(found)
    targets.refuse_other_ids(chosen, found)
    results = [targets.place(each, trial=trial) for each in found]
    problems = [*reading.problems, *(problem for _, each in results for problem in each)]
    return Imported(
        chosen.name,
        tuple(result for result, _ in results),
        tuple(problems),
        (*reading.left_out, *targets.others(_unread(files, reading), files)),
        trial,
    )


@dataclass(frozen=True, slots=True)
class _Targets:
    """The folders of a project, and the migrations in them."""

    migrations: Path
    rollbacks: Path
    checks: Path
    there: frozenset[str]
    tool: str = ""

    @classmethod
    def of(cls, config: Config) -> _Targets:
        folders = (config.migrations, config.rollbacks, config.checks)
        migrations, rollbacks, checks = (path_in(config.project, folder) for folder in folders)
        return cls(migrations, rollbacks, checks, frozenset(usable_scripts(migrations)))

    def refuse_as_source(self, folder: Path) -> None:
        own = {path.resolve() for path in (self.migrations, self.rollbacks)}
        if folder.resolve() in own:
            raise ConfigError(
                f"{folder} is the project's own folder",
                remedy="Move the other tool's files to another folder, and import that.",
            )

    def refuse_taken_numbers(self, found: Sequence[Adopted]) -> None:
        """Raises ConfigError if another migration of the project has the number of an imported
        one."""
        numbers = {migration_number(each.migration_id): each.migration_id for each in found}
        for name in sorted(self.there - set(numbers.values())):
            if taker := numbers.get(migration_number(name)):
                raise ConfigError(
                    f"{self.migrations / (name + SUFFIX)} has the number that {taker} would get",
                    remedy="Move it away, or give it another number. Nothing was written.",
                )

    def refuse_other_ids(self, tool: Tool, found: Sequence[Adopted]) -> None:
        """Raises ConfigError for an original to which an earlier import gave another id: the
        project would have it twice."""
        ids = {tool.key(each.original.version): each.migration_id for each in found}
        for name in sorted(self.there - {each.migration_id for each in found}):
            version = _version_of(tool, self.migrations / (name + SUFFIX))
            if version is not None and (new := ids.get(tool.key(version))):
                raise ConfigError(
                    f"{self.migrations / (name + SUFFIX)} is version {version} of {tool.name}, "
                    f"which would now become {new}",
                    remedy="Files that were added to the original change its numbers here. Import "
                    "those alone, from a folder of their own. Nothing was written.",
                )

    def place(
        self, each: Adopted, *, trial: bool
    ) -> tuple[ImportedMigration, tuple[SourceError, ...]]:
        """Writes the missing files of one migration; returns the result and its problems."""
        result = _Result(each, self._texts(each))
        if each.problems or not each.migration:
            is_there = each.migration_id in self.there
            paths = (str(self._path(self.migrations, each)),) if is_there else ()
            outcome = Placement.KEPT if is_there else Placement.REFUSED
            return result.told(outcome, paths), () if is_there else self._remedied(each)
        different = [path for path, text in result.texts.items() if _differs(path, text)]
        if different:
            return result.told(Placement.DIFFERENT, map(str, different)), tuple(
                map(_kept, different)
            )
        missing = {path: text for path, text in result.texts.items() if not path.exists()}
        if not trial:
            for path, text in missing.items():
                write_new(path, text)
        outcome = Placement.WRITTEN if missing else Placement.KEPT
        return result.told(outcome, map(str, missing or result.texts)), ()

    def others(self, unread: Iterable[str], files: Files) -> Iterator[str]:
        """Lists those files, except the project's own, so that none is lost unnoticed."""
        own = {path.resolve() for path in (self.migrations, self.rollbacks, self.checks)}
        for name in unread:
            if (files.root / name).parent.resolve() not in own:
                yield f"{files.path(name)}: not a file that {self.tool} reads"

    def _texts(self, each: Adopted) -> dict[Path, str]:
        texts = {self._path(self.migrations, each): each.migration}
        if each.rollback is not None:
            texts[self._path(self.rollbacks, each)] = each.rollback
        if each.check is not None:
            texts[self._path(self.checks, each)] = each.check
        return texts

    def _path(self, folder: Path, each: Adopted) -> Path:
        return folder / f"{each.migration_id}{SUFFIX}"

    def _remedied(self, each: Adopted) -> tuple[SourceError, ...]:
        """The problems; the last one also says what to do if the original cannot be changed."""
        *others, last = each.problems
        head = f"-- {self.tool}{VERSION}{each.original.version}"
        place = self._path(self.migrations, each)
        remedy = f"{last.remedy} Or write {place} yourself, with `{head}` at its head.".lstrip()
        return (*others, SourceError(last.message, location=last.location, remedy=remedy))


@dataclass(frozen=True, slots=True)
class _Result:
    """A migration to place, and the texts of its files."""

    each: Adopted
    texts: Mapping[Path, str]

    def told(self, outcome: Placement, paths: Iterator[str] | Sequence[str]) -> ImportedMigration:
        notes = tuple(self._notes()) if self.each.migration else ()
        original = self.each.original
        return ImportedMigration(
            original.paths, self.each.migration_id, outcome, tuple(paths), notes
        )

    def _notes(self) -> Iterator[str]:
        if self.each.rollback is None:
            yield "irreversible: no down script"
        if "\n-- transactional: false" in self.each.migration:
            yield "not transactional"


def _unread(files: Files, reading: Reading) -> Iterator[str]:
    """The names of the SQL files that the tool does not read."""
    told = {path for each in reading.originals for path in each.paths}
    told |= {each.check.path for each in reading.originals if each.check}
    told |= {problem.location.path for each in reading.originals for problem in each.problems}
    told |= {problem.location.path for problem in reading.problems}
    told |= {each.partition(": ")[0] for each in reading.left_out}
    for name in files.names:
        if name.endswith(SUFFIX) and files.path(name) not in told:
            yield name


def _version_of(tool: Tool, path: Path) -> str | None:
    try:
        return original_version(tool, read_script(path).text)
    except (SourceError, LexError):
        return None  # reported by whatever reads the project


def _differs(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() != text.encode()
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _kept(path: Path) -> SourceError:
    return SourceError(
        "already exists with other content, and was kept",
        location=Location(str(path)),
        remedy="Remove it to have it written, or keep it as it is.",
    )
