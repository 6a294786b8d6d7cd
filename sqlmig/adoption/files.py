"""The files of a folder that another tool reads."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlmig.errors import ConfigError, SourceError
from sqlmig.model import Location, Script
from sqlmig.source.files import script_from_bytes

# Folders that hold no migrations but possibly a great many other files.
_SKIPPED = frozenset({"node_modules", "target", "vendor", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Files:
    """The files below a folder, as sorted paths relative to it, with `/`; hidden files are left
    out.

    Each file is read once, on first use.
    """

    root: Path
    names: tuple[str, ...]
    _scripts: dict[str, Script | SourceError] = field(default_factory=dict, repr=False)
    _known: set[str] = field(default_factory=set, repr=False)

    @classmethod
    def below(cls, root: Path) -> Files:
        """The files below that folder. Raises ConfigError if it is not a folder or cannot be
        listed."""
        if not root.is_dir():
            raise ConfigError(
                f"{root} is not a folder", remedy="Name the folder with the other tool's files."
            )
        return cls(root, tuple(sorted(_walk(root))))

    def __contains__(self, name: object) -> bool:
        """Whether there is a file of that name."""
        if not self._known:
            self._known.update(self.names)
        return name in self._known

    def path(self, name: str) -> str:
        """The path to show to people."""
        return str(self.root / name)

    def script(self, name: str) -> Script:
        """The text of a file. Raises SourceError if it is not UTF-8 text or cannot be read."""
        if name not in self._scripts:
            self._scripts[name] = self._read(name)
        found = self._scripts[name]
        if isinstance(found, SourceError):
            raise found
        return found

    def text(self, name: str) -> str:
        """Like `script`, but "" if the file cannot be read."""
        try:
            return self.script(name).text
        except SourceError:
            return ""

    def matching(self, pattern: str) -> Iterator[re.Match[str]]:
        """The names that match as a whole, in their order."""
        fits = re.compile(pattern).fullmatch
        return (match for name in self.names if (match := fits(name)))

    def problem(self, name: str, message: str, remedy: str) -> SourceError:
        """An error about that file as a whole."""
        return SourceError(message, location=Location(self.path(name)), remedy=remedy)

    def _read(self, name: str) -> Script | SourceError:
        if not name.isprintable():
            return SourceError(
                f"the name {name!r} cannot be shown",
                location=Location(str(self.root)),
                remedy="Rename that file with printable characters, in UTF-8.",
            )
        if not (self.root / name).is_file():  # reading a pipe would block
            return self.problem(name, "is not a file that can be read", "Put a file there.")
        try:
            return script_from_bytes(self.path(name), (self.root / name).read_bytes())
        except OSError as error:
            return self.problem(
                name,
                f"cannot be read: {error.strerror}",
                "Check that the file is there and readable.",
            )
        except SourceError as error:
            return error


def _walk(root: Path) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise ConfigError(
            f"{error.filename} cannot be listed: {error.strerror}",
            remedy="Check that you may read this folder.",
        )

    for folder, subfolders, names in os.walk(root, onerror=refuse):
        subfolders[:] = [
            name for name in subfolders if not name.startswith(".") and name not in _SKIPPED
        ]
        prefix = Path(folder).relative_to(root).as_posix()
        for name in names:
            if not name.startswith("."):
                yield name if prefix == "." else f"{prefix}/{name}"
