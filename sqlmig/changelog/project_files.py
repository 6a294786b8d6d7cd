"""One state of a project: its migrations, its changelog and its decision records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import PurePosixPath

from sqlmig.changelog.decisions import DecisionRecord, read_decision
from sqlmig.changelog.parser import Bullet, Changelog, parse
from sqlmig.changelog.places import Places
from sqlmig.errors import SourceError
from sqlmig.model import Directives, Position, migration_number, migration_order
from sqlmig.source.directives import FileKind
from sqlmig.source.folders import ROLLBACK_SUFFIX, SUFFIX, is_passed_over
from sqlmig.source.head import read_head
from sqlmig.source.lexer import LexError

_REFERENCE = re.compile(r"(\d[^\s:]*)(?::(down|edit))?")


class Aspect(Enum):
    """What a bullet says about a migration: that it exists, or that it was edited later."""

    ENTRY = ""
    EDIT = "edit"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Reference:
    """A migration that a bullet names."""

    migration_id: str
    aspect: Aspect
    position: Position
    bullet: Bullet


class ProjectFiles:
    """The files of a project in one state, by path relative to its folder.

    Everything derived from them is computed on first use.
    """

    def __init__(self, places: Places, files: Mapping[str, bytes]) -> None:
        self.places = places
        self.files = files

    @cached_property
    def migrations(self) -> Mapping[str, str]:
        """The paths of the migrations by id, in the order of their numbers."""
        scripts = self._scripts(self.places.migrations)
        ids = [name for name, path in scripts.items() if not path.endswith(ROLLBACK_SUFFIX)]
        numbered = [migration_id for migration_id in ids if migration_number(migration_id)]
        return {
            migration_id: scripts[migration_id]
            for migration_id in sorted(numbered, key=migration_order)
        }

    @cached_property
    def rollbacks(self) -> Mapping[str, str]:
        """The paths of the rollbacks by the id of their migration."""
        beside = {
            name.removesuffix(".rollback"): path
            for name, path in self._scripts(self.places.migrations).items()
            if path.endswith(ROLLBACK_SUFFIX)
        }
        return beside | self._scripts(self.places.rollbacks)

    @cached_property
    def changelog(self) -> Changelog:
        """The changelog; an empty one where there is none."""
        return parse(self.text(self.places.changelog))

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every migration that a bullet names, once for each bullet that names it."""
        return tuple(
            reference for bullet in self.changelog.bullets for reference in self._named(bullet)
        )

    @cached_property
    def entries(self) -> Mapping[str, list[Reference]]:
        """The bullets that are entries of each migration: in a section, whether its type is known
        or not."""
        entries: dict[str, list[Reference]] = {}
        for reference in self.references:
            if reference.aspect is Aspect.ENTRY and reference.bullet.section is not None:
                entries.setdefault(reference.migration_id, []).append(reference)
        return entries

    @cached_property
    def decisions(self) -> Mapping[str, DecisionRecord]:
        """The decision records by path."""
        return {
            path: read_decision(path, self.text(path))
            for path in sorted(self._folder(self.places.adr).values())
            if path.endswith(".md")
        }

    def text(self, path: str) -> str:
        """A file's text with LF line endings; "" if it does not exist."""
        text = self.files.get(path, b"").decode("utf-8-sig", errors="replace")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def head(self, migration_id: str) -> tuple[Directives, str]:
        """What a migration declares, and its description. A head that cannot be read counts as
        empty; `sqlmig validate` reports it."""
        path = self.migrations[migration_id]
        try:
            return read_head(path, self.text(path), FileKind.MIGRATION)
        except (SourceError, LexError):
            return Directives(), ""

    def _scripts(self, folder: str) -> dict[str, str]:
        """The paths of the scripts directly in a folder, by stem."""
        return {
            name.removesuffix(SUFFIX): path
            for name, path in self._folder(folder).items()
            if name.endswith(SUFFIX) and not is_passed_over(name)
        }

    def _folder(self, folder: str) -> dict[str, str]:
        """The paths of the files directly in a folder, by name."""
        found = {}
        for path in self.files:
            parent, _, name = path.rpartition("/")
            if (parent or ".") == folder:
                found[name] = path
        return found

    def _named(self, bullet: Bullet) -> Iterator[Reference]:
        seen = set()
        for text, position in self._names(bullet):
            match = _REFERENCE.fullmatch(text)
            if match and text not in seen:
                seen.add(text)
                yield Reference(match[1], Aspect(match[2] or ""), position, bullet)

    def _names(self, bullet: Bullet) -> Iterator[tuple[str, Position]]:
        """What may be the id of a migration: a code span, or the path of a file in a code span or a
        link."""
        for span in bullet.code_spans:
            yield self._id_of_file(span.text) or span.text, span.position
        for link in bullet.links:
            if name := self._id_of_file(link.target):
                yield name, link.position

    def _id_of_file(self, path: str) -> str:
        """The id of the migration that may have that path, relative to any folder; otherwise ""."""
        file = PurePosixPath(path)
        folder = PurePosixPath(self.places.migrations).name
        is_one = file.suffix == SUFFIX and file.parent.name in ("", folder)
        return file.stem if is_one else ""
