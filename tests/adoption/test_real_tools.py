"""The tools themselves, where they are installed: what they migrate is what sqlmig makes of it.

dbmate and node-pg-migrate are looked for in node_modules of SQLMIG_TEST_TOOLS too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sqlmig.embedded.programs import chosen_folder, find_programs
from tests.adoption.examples import EXAMPLES
from tests.adoption.move import Move, dump
from tests.database import Database
from tests.project import Project


def program(name: str) -> str:
    """The path of a tool. Skips the test where it is not installed."""
    npm = Path(os.environ.get("SQLMIG_TEST_TOOLS", ".")) / "node_modules" / ".bin"
    found = shutil.which(name) or shutil.which(name, path=str(npm.absolute()))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(folder: Path, *command: str, **variables: str) -> None:
    """Runs a tool."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def migrate_with_dbmate(move: Move) -> None:
    info = move.database.connection.info
    url = (
        f"postgres://{info.user}@/{info.dbname}?socket={info.host}&port={info.port}&sslmode=disable"
    )
    command = (program("dbmate"), "--url", url, "--migrations-dir", ".", "--no-dump-schema")
    run(move.original, *command, "migrate")


def migrate_with_sql_migrate(move: Move) -> None:
    info = move.database.connection.info
    source = f"host={info.host} port={info.port} user={info.user} dbname={info.dbname}"
    (move.original / "dbconfig.yml").write_text(
        f"development:\n  dialect: postgres\n  datasource: {source} sslmode=disable\n  dir: .\n"
    )
    run(move.original, program("sql-migrate"), "up")


def migrate_with_node_pg_migrate(move: Move) -> None:
    info = move.database.connection.info
    variables = {"PGHOST": info.host, "PGPORT": str(info.port), "PGUSER": info.user}
    command = (program("node-pg-migrate"), "up", "--migrations-dir", ".")
    run(move.original, *command, **variables, PGDATABASE=info.dbname)


def migrate_with_sqitch(move: Move) -> None:
    info = move.database.connection.info
    psql = find_programs(chosen=chosen_folder()).folder / "psql"
    client = str(psql) if psql.exists() else program("psql")
    names = {"SQITCH_FULLNAME": "Ann", "SQITCH_EMAIL": "ann@example.org"}
    variables = {"PGHOST": info.host, "PGPORT": str(info.port), **names}
    target = f"db:pg://{info.user}@/{info.dbname}"
    run(move.original, program("sqitch"), "deploy", "--client", client, target, **variables)


TOOLS = {
    "dbmate": migrate_with_dbmate,
    "sql-migrate": migrate_with_sql_migrate,
    "node-pg-migrate": migrate_with_node_pg_migrate,
    "sqitch": migrate_with_sqitch,
}
# One of them in the short form too, where it is installed.
_LONG = [pytest.param(tool, marks=pytest.mark.long_form) for tool in TOOLS if tool != "dbmate"]


@pytest.mark.parametrize("tool", ["dbmate", *_LONG])
def test_a_database_that_the_tool_migrated_is_taken_over(
    tool: str, project: Project, database: Database
) -> None:
    example = EXAMPLES[tool]()
    move = Move(project, database, tool)
    move.write(example)
    TOOLS[tool](move)
    move.take_over(example)
    move.redo_the_last()
    assert move.apply_from_empty() == dump(database)
