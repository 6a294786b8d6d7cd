"""The tools that are measured: where their files go, and the command for each phase."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmarks import layouts
from benchmarks.layouts import Layout
from benchmarks.peers import Peers
from benchmarks.server import Server


class Phase(StrEnum):
    """The phases that are timed, in this order, starting from an empty database."""

    APPLY = "apply from empty"
    NOTHING = "nothing to do"
    STATUS = "status"
    ROLLBACK_ONE = "roll back one"
    ROLLBACK_REST = "roll back the rest"


class Clock(StrEnum):
    """Which seconds count: those of the whole process, or those that it prints."""

    PROCESS = "process"
    PRINTED = "printed"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool with its commands, which run in the folder of its files.

    `url` is the form in which it names a database; the tool finds the result in the variable
    DATABASE_URL. In the commands, {url} stands for that, {program} for the path of its program, and
    {rest} for the number of migrations minus one. A phase without a command is not measured. A tool
    whose `program` is None is not installed.
    """

    name: str
    program: str | None
    write: Layout
    commands: Mapping[Phase, str]
    url: str = "postgresql://postgres@/{database}?host={socket}&port={port}"
    clock: Clock = Clock.PROCESS

    def command(self, phase: Phase, url: str, count: int) -> list[str]:
        """The command line that runs this phase for that many migrations."""
        values = {
            "program": self.program,
            "url": url,
            "rest": count - 1,
        }
        return [word.format(**values) for word in shlex.split(self.commands[phase])]

    def database_url(self, server: Server, database: str, socket: Path | None = None) -> str:
        """The database in the tool's form, over the server's own socket unless another is given."""
        folder = socket or server.socket
        return self.url.format(database=database, socket=folder, port=server.port)


OURS, LOOP, FLOOR, IMPORTS = "sqlmig", "sqlmig, its loop alone", "psql", "imports alone"


def own_tools(server: Server) -> list[Tool]:
    """sqlmig, and what it is compared with: psql, which records nothing, and a start of Python."""
    return [_sqlmig(), _loop(), _psql(server), _imports()]


def peers_of(peers: Peers) -> list[Tool]:
    """The peers, with and without a program."""
    return [_yoyo(peers), _alembic(peers), _dbmate(peers), _node_pg_migrate(peers)]


def _sqlmig() -> Tool:
    return Tool(
        OURS,
        sys.executable,
        layouts.paired_folders,
        {
            Phase.APPLY: "{program} -m sqlmig apply --quiet",
            Phase.NOTHING: "{program} -m sqlmig apply --quiet",
            Phase.STATUS: "{program} -m sqlmig status",
            Phase.ROLLBACK_ONE: "{program} -m sqlmig rollback --steps 1 --yes --quiet",
            Phase.ROLLBACK_REST: "{program} -m sqlmig rollback 1 --yes --quiet",
        },
    )


def _loop() -> Tool:
    return Tool(
        LOOP,
        sys.executable,
        layouts.paired_folders,
        {
            Phase.APPLY: "{program} -m benchmarks.loop apply",
            Phase.ROLLBACK_ONE: "{program} -m benchmarks.loop rollback-one",
            Phase.ROLLBACK_REST: "{program} -m benchmarks.loop rollback-rest",
        },
        clock=Clock.PRINTED,
    )


def _psql(server: Server) -> Tool:
    program, *options = server.psql
    psql = " ".join(["{program}", *options, "{url}", "-f"])
    return Tool(
        FLOOR,
        program,
        layouts.psql_scripts,
        {
            Phase.APPLY: f"{psql} apply.psql",
            Phase.ROLLBACK_ONE: f"{psql} rollback_one.psql",
            Phase.ROLLBACK_REST: f"{psql} rollback_rest.psql",
        },
    )


def _imports() -> Tool:
    """The lower limit for any Python command that uses psycopg."""
    commands = {Phase.NOTHING: "{program} -c 'import click, psycopg'"}
    return Tool(IMPORTS, sys.executable, layouts.paired_folders, commands)


def _yoyo(peers: Peers) -> Tool:
    options = "--batch --no-config-file --database {url}"
    return Tool(
        "yoyo",
        _path(peers.yoyo),
        layouts.suffixed_files,
        {
            Phase.APPLY: f"{{program}} apply {options} migrations",
            Phase.NOTHING: f"{{program}} apply {options} migrations",
            Phase.STATUS: f"{{program}} list {options} migrations",
            Phase.ROLLBACK_ONE: f"{{program}} rollback {options} migrations",
            Phase.ROLLBACK_REST: f"{{program}} rollback {options} --all migrations",
        },
        url="postgresql+psycopg://postgres@/{database}?host={socket}&port={port}",
    )


def _alembic(peers: Peers) -> Tool:
    return Tool(
        "Alembic",
        _path(peers.alembic),
        layouts.alembic_revisions,
        {
            Phase.APPLY: "{program} upgrade head",
            Phase.NOTHING: "{program} upgrade head",
            Phase.STATUS: "{program} current",
            Phase.ROLLBACK_ONE: "{program} downgrade -1",
            Phase.ROLLBACK_REST: "{program} downgrade base",
        },
        url="postgresql+psycopg://postgres@/{database}?host={socket}&port={port}",
    )


def _dbmate(peers: Peers) -> Tool:
    """dbmate, which rolls back one migration per process."""
    dbmate = "{program} --no-dump-schema --migrations-dir migrations"
    return Tool(
        "dbmate",
        _path(peers.dbmate),
        layouts.dbmate_files,
        {
            Phase.APPLY: f"{dbmate} migrate",
            Phase.NOTHING: f"{dbmate} migrate",
            Phase.STATUS: f"{dbmate} status",
            Phase.ROLLBACK_ONE: f"{dbmate} rollback",
        },
        url="postgres://postgres@:{port}/{database}?socket={socket}&sslmode=disable",
    )


def _node_pg_migrate(peers: Peers) -> Tool:
    """node-pg-migrate, which has no status command."""
    options = "--no-single-transaction --no-verbose"
    return Tool(
        "node-pg-migrate",
        _path(peers.node_pg_migrate),
        layouts.node_pg_migrate_files,
        {
            Phase.APPLY: f"{{program}} up {options}",
            Phase.NOTHING: f"{{program}} up {options}",
            Phase.ROLLBACK_ONE: f"{{program}} down 1 {options}",
            Phase.ROLLBACK_REST: f"{{program}} down {{rest}} {options}",
        },
    )


def _path(program: Path | None) -> str | None:
    return None if program is None else str(program)
