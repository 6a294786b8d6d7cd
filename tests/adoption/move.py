"""A project that moves from another tool to sqlmig, step by step."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from click.testing import CliRunner, Result

from sqlmig.adoption.registry import TOOLS
from sqlmig.cli import main
from sqlmig.migrator import Migrator
from sqlmig.model import MigrationState
from sqlmig.plan import Newest, RowLoss
from tests.adoption.examples import Example
from tests.database import Database
from tests.project import Project

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/moving.md").read_text(encoding="utf-8")


def guided(tool: str) -> list[list[str]]:
    """The commands of the guide's section about a tool, as lists of words."""
    section = re.search(rf"^## From {tool}\n(.*?)^## ", GUIDE, re.M | re.S | re.I)
    assert section is not None, tool
    return [line.split() for line in re.findall(r"^\$ sqlmig (.*)$", section[1], re.M)]


@dataclass(frozen=True)
class Move:
    """A project with the files of a tool, and a database that the tool has migrated."""

    project: Project
    database: Database
    tool: str

    @property
    def original(self) -> Path:
        """The folder of the tool's files, as in the guide."""
        return self.project.root / guided(self.tool)[0][1]

    @property
    def migrator(self) -> Migrator:
        """A Migrator for the database that the tool has migrated."""
        return Migrator(self.project.config(database=self.database.url))

    def write(self, example: Example) -> None:
        """Writes the tool's files."""
        for name, text in example.files.items():
            path = self.original / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())

    def run(self, *arguments: str) -> Result:
        """Runs a command of the guide in the project's folder."""
        handler = signal.getsignal(signal.SIGTERM)
        variables = {"SQLMIG_DATABASE_URL": self.database.url}
        try:
            return CliRunner().invoke(main, arguments, env=variables, standalone_mode=False)
        finally:
            signal.signal(signal.SIGTERM, handler)

    def take_over(self, example: Example) -> None:
        """Follows the guide, and asserts that nothing differs afterwards."""
        commands = guided(self.tool)
        assert [command[0] for command in commands] == ["import", "baseline", "drift"]
        before = self.database.relations()
        results = [self.run(*command) for command in commands]
        assert [(each.return_value, each.exception) for each in results] == [(None, None)] * 3, [
            each.output for each in results
        ]
        assert set(before) < set(self.database.relations())
        whose = f"{self.tool}'s" if example.keeps_times else "those of this baseline"
        assert f"the times are {whose}" in results[1].output
        states = self.migrator.status()
        assert [status.migration_id for status in states] == list(example.ids)
        assert {status.state for status in states} == {MigrationState.APPLIED}
        assert tuple(s.migration_id for s in states if s.irreversible) == example.irreversible
        assert self.database.applied() == list(example.ids)
        assert f"of {self.tool}, the history of another tool" in results[2].output

    def redo_the_last(self) -> None:
        """Rolls back the last migration and applies it again; the schema must not change."""
        before = self.database.dump()
        self.migrator.rollback(Newest(1), row_loss=RowLoss.ACCEPT)
        assert self.database.dump() != before
        self.migrator.apply()
        assert self.database.dump() == before

    def apply_from_empty(self) -> str:
        """The dump of an empty database to which sqlmig applies everything."""
        with another_database(self.database) as empty:
            Migrator(self.project.config(database=empty.url)).apply()
            return dump(empty)


def dump(database: Database) -> str:
    """The schema without the tables of sqlmig and of other tools."""
    own = [f"--exclude-table={name}*" for name in ("_yoyo", "yoyo", "_sqlmig")]
    tables = [f"--exclude-table={tool.table.name}*" for tool in TOOLS if tool.name != "sqitch"]
    return database.dump("--exclude-schema=sqitch", *own, *tables)


@contextmanager
def another_database(database: Database) -> Iterator[Database]:
    """An empty database on the same server, dropped at the end."""
    name = f"{database.connection.info.dbname}_empty"
    database.execute(f'CREATE DATABASE "{name}"')
    url = database.url.replace(f"/{database.connection.info.dbname}?", f"/{name}?")
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            yield Database(connection)
    finally:
        database.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
