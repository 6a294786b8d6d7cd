"""The files of a project in its index, in a revision or on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlmig.changelog.git import FETCH_EVERYTHING, Git
from sqlmig.errors import ChangelogError

Files = Mapping[str, bytes]
_REGULAR_FILES = ("100644", "100755")
_LINK = "120000"


class _Entry(NamedTuple):
    path: str
    mode: str
    blob: str


@dataclass(frozen=True, slots=True)
class Staged:
    """What `git commit` would commit."""

    def __str__(self) -> str:
        return "the index"


@dataclass(frozen=True, slots=True)
class Revision:
    """The files of a commit; `before` is what the remote had before that commit is pushed to it."""

    name: str
    before: str | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """The files on disk, whether git knows them or not."""

    def __str__(self) -> str:
        return "the working tree"


State = Staged | Revision | WorkingTree


def on_disk(project: Path, places: Sequence[str]) -> Files:
    """The files that are one of those places or directly in one.

    Raises ChangelogError for a file that cannot be read.
    """
    files = {}
    for place in places:
        path = project / place
        for file in (path, *(path.iterdir() if path.is_dir() else ())):
            if file.is_file():
                files[os.path.normpath(Path(place, file.relative_to(path)))] = _read(file)
    return files


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ChangelogError(
            f"{file} cannot be read: {error.strerror}", remedy="Make that file readable."
        ) from error


class Repository:
    """The git repository that contains a project; raises ChangelogError if git fails.

    `places` are the files and folders that matter, as paths relative to the project's folder.
    """

    def __init__(self, project: Path, places: Sequence[str]) -> None:
        self.git = Git(project)
        self._project = project
        self._prefix = os.path.relpath(project.resolve(), self.git.top.resolve())
        self._places = places

    def files(self, state: State, baseline: str | None) -> tuple[Files, Files]:
        """The files of a state and of the baseline commit; no blob is read twice."""
        before = {} if baseline is None else _regular(self._commit_entries(baseline))
        if isinstance(state, WorkingTree):
            return on_disk(self._project, self._places), self._read(before)[0]
        if isinstance(state, Staged):
            entries = self._staged_entries()
        else:
            entries = self._commit_entries(self.git.commit(state.name))
        old, new = self._read(before, _regular(_without_links(entries)))
        return new, old

    def files_of(self, commit: str) -> Files:
        """The files of a commit."""
        return self._read(_regular(self._commit_entries(commit)))[0]

    def _read(self, *blobs: Mapping[str, str]) -> list[Files]:
        """The content of each path's blob."""
        paths = {blob: path for each in blobs for path, blob in each.items()}
        try:
            contents = self.git.contents(paths)
        except ChangelogError as error:  # in a partial clone, git stops at the first missing one
            named = (blob for blob in paths if blob in error.message)
            raise next((_missing(paths[blob], blob) for blob in named), error) from error
        for blob, path in paths.items():
            if blob not in contents:
                raise _missing(path, blob)
        return [{path: contents[blob] for path, blob in each.items()} for each in blobs]

    def _staged_entries(self) -> Iterator[_Entry]:
        """The entries of the index, except files that are only marked to be added (`git add -N`).

        Read as the difference from an empty tree, by a command that looks at the index alone.
        """
        if self.git.is_bare:
            raise ChangelogError(
                "a bare repository has no index", remedy="Name a commit: --rev COMMIT."
            )
        nothing = self.git.read("hash-object", "-t", "tree", "--stdin").decode().strip()
        command = ("diff-index", "--cached", "--ita-invisible-in-index", "--no-renames")
        fields = self._list(*command, "--raw", "--no-abbrev", "-z", nothing)
        for head, path in self._within(zip(fields[::2], fields[1::2], strict=True)):
            _, mode, _, blob, status = head.split()
            if status == "U":
                raise ChangelogError(
                    f"{path} has an unresolved conflict",
                    remedy="Resolve it and `git add` the file.",
                )
            yield _Entry(path, mode, blob)

    def _commit_entries(self, commit: str) -> Iterator[_Entry]:
        entries = (entry.split(b"\t", 1) for entry in self._list("ls-tree", "-r", "-z", commit))
        for head, path in self._within((head, path) for head, path in entries):
            mode, _, blob = head.split()
            yield _Entry(path, mode, blob)

    def _within(self, entries: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
        """What git says about each path, and the path relative to the project's folder; only for
        files that are one of the places or directly in one."""
        for head, path in entries:
            name = self._from_project(path)
            if self._is_wanted(name):
                yield head.decode(), name

    def _is_wanted(self, name: str) -> bool:
        return name in self._places or (name.rpartition("/")[0] or ".") in self._places

    def _list(self, *arguments: str) -> list[bytes]:
        places = (os.path.normpath(Path(self._prefix, place)) for place in self._places)
        return self.git.read(*arguments, "--", *places).split(b"\0")[:-1]

    def _from_project(self, path: bytes) -> str:
        name = os.fsdecode(path)
        return name if self._prefix == "." else os.path.relpath(name, self._prefix)


class Everything(Repository):
    """A repository with all files below its places, at any depth."""

    def _is_wanted(self, name: str) -> bool:  # noqa: ARG002  # git lists no others
        return True


def _regular(entries: Iterable[_Entry]) -> dict[str, str]:
    """The blobs of the files by path."""
    return {path: blob for path, mode, blob in entries if mode in _REGULAR_FILES}


def _without_links(entries: Iterable[_Entry]) -> Iterator[_Entry]:
    """The entries. Raises ChangelogError for a symbolic link: its target would not be checked."""
    for entry in entries:
        if entry.mode == _LINK and entry.path.endswith((".sql", ".md")):
            raise ChangelogError(
                f"{entry.path} is a symbolic link, and git has no content for it",
                remedy="Put the file itself there, or name where it is in the settings.",
            )
        yield entry


def _missing(path: str, blob: str) -> ChangelogError:
    return ChangelogError(
        f"{path}: git has no content for it here: the object {blob} is missing",
        remedy=FETCH_EVERYTHING,
    )
