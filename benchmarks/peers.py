"""Installs the peers into a separate folder, and finds them there.

The folder is `.venv-peers` beside the sources, which git ignores and `make clean` removes: a
virtual environment with Python's peers, and in it a node_modules with npm's.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent.parent / ".venv-peers"
_PYTHON_PACKAGES = ("alembic", "psycopg[binary]", "sqlalchemy", "yoyo-migrations")
_NODE_PACKAGES = ("dbmate", "node-pg-migrate", "pg")


@dataclass(frozen=True, slots=True)
class Peers:
    """The programs of the peers in a folder; one that is not installed is None."""

    folder: Path = _FOLDER

    @property
    def yoyo(self) -> Path | None:
        """Stock yoyo."""
        return _existing(self.folder / "bin" / "yoyo")

    @property
    def alembic(self) -> Path | None:
        """Alembic."""
        return _existing(self.folder / "bin" / "alembic")

    @property
    def dbmate(self) -> Path | None:
        """dbmate itself, without the Node script of the npm package that starts it."""
        return next(self.folder.glob("node_modules/@dbmate/*/bin/dbmate"), None)

    @property
    def node_pg_migrate(self) -> Path | None:
        """node-pg-migrate."""
        return _existing(self.folder / "node_modules" / ".bin" / "node-pg-migrate")

    def install(self) -> None:
        """Installs the missing ones, as far as pip and npm can."""
        if not (self.yoyo and self.alembic):
            _try(sys.executable, "-m", "venv", str(self.folder))
            python = str(self.folder / "bin" / "python")
            _try(python, "-m", "pip", "install", "--quiet", *_PYTHON_PACKAGES)
        if not (self.dbmate and self.node_pg_migrate):
            self.folder.mkdir(exist_ok=True)
            _try("npm", "install", "--silent", "--prefix", str(self.folder), *_NODE_PACKAGES)

    def absent(self) -> list[str]:
        """The names of those that are not installed."""
        programs = {
            "yoyo": self.yoyo,
            "Alembic": self.alembic,
            "dbmate": self.dbmate,
            "node-pg-migrate": self.node_pg_migrate,
        }
        return [name for name, program in programs.items() if program is None]


def _try(program: str, *arguments: str) -> None:
    """Runs the installer; if it is missing or fails, its peers stay absent."""
    if shutil.which(program):
        subprocess.run([program, *arguments], stdout=subprocess.DEVNULL, check=False)


def _existing(path: Path) -> Path | None:
    return path if path.exists() else None
