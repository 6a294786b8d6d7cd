"""Draws docs/pictures/ from what the commands really print on a terminal.

python docs/make_pictures.py
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import psycopg
from rich.console import Console
from rich.text import Text

FOLDER = Path(__file__).with_name("pictures")
_WIDTH = 88

# A rollback that looks right: the column comes back, shorter than it was.
_WRONG_ROLLBACK = {
    "sqlmig.toml": 'database = "embedded"\n',
    "sql/migrations/001_students.sql": (
        "-- Students\nCREATE TABLE students (id bigint PRIMARY KEY, name varchar(100) NOT NULL);\n"
    ),
    "sql/rollbacks/001_students.sql": "DROP TABLE students;\n",
    "sql/migrations/002_full_names.sql": (
        "-- Names of any length\nALTER TABLE students ALTER COLUMN name TYPE text;\n"
    ),
    "sql/rollbacks/002_full_names.sql": (
        "ALTER TABLE students ALTER COLUMN name TYPE varchar(80);\n"
    ),
}


# A type that needs a rewrite of a table that is large by now.
_REWRITE = {
    "sqlmig.toml": 'environment = "development"\nembedded_port = 54329\n',
    "sql/migrations/001_payments.sql": (
        "-- Payments\n"
        "CREATE TABLE payments (id bigint PRIMARY KEY, amount integer NOT NULL, paid_on date);\n"
    ),
    "sql/rollbacks/001_payments.sql": "DROP TABLE payments;\n",
    "sql/migrations/002_large_amounts.sql": (
        "-- Amounts above two billion\nALTER TABLE payments ALTER COLUMN amount TYPE bigint;\n"
    ),
    "sql/rollbacks/002_large_amounts.sql": (
        "ALTER TABLE payments ALTER COLUMN amount TYPE integer;\n"
    ),
}
_ROWS = """
INSERT INTO payments SELECT g, g, '2026-01-01' FROM generate_series(1, 1000000) g;
ANALYZE payments;
"""


def main() -> None:
    with project_of(_WRONG_ROLLBACK) as project:
        draw("verify", project, "sqlmig verify")
    with project_of(_REWRITE) as project:
        url = run(project, "embedded url --tcp").strip()
        os.environ["DATABASE_URL"] = url
        run(project, "apply 001")
        with psycopg.connect(url) as connection:
            connection.execute(_ROWS.encode())
        draw("impact", project, "sqlmig impact")
        del os.environ["DATABASE_URL"]


@contextmanager
def project_of(files: Mapping[str, str]) -> Iterator[Path]:
    """A folder with those files, and a running embedded server."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for path, text in files.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text)
        run(project, "embedded start")
        try:
            yield project
        finally:
            run(project, "embedded reset --yes")


def draw(name: str, project: Path, command: str) -> None:
    """Writes `name`.svg: a terminal in which the command ran in that project."""
    console = Console(record=True, width=_WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "green"), command))
    console.print(Text.from_ansi(on_terminal(project, command)))
    svg = console.export_svg(title="sqlmig", unique_id=f"sqlmig-{name}")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.svg").write_text(without_fonts(svg), encoding="utf-8")


def run(project: Path, arguments: str) -> str:
    command = [sys.executable, "-m", "sqlmig", *arguments.split()]
    done = subprocess.run(command, cwd=project, check=True, capture_output=True, text=True)
    return done.stdout


def on_terminal(project: Path, command: str) -> str:
    """What the command prints where there is a terminal, without what it prints over."""
    program, *arguments = command.split()
    assert program == "sqlmig"
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sqlmig", *arguments],
        cwd=project,
        env={**os.environ, "COLUMNS": str(_WIDTH), "TERM": "xterm-256color"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    parts = []
    while True:
        try:
            part = os.read(leader, 4096)
        except OSError:  # what Linux says of a terminal whose other end was closed
            part = b""
        if not part:
            break
        parts.append(part)
    process.wait()
    lines = b"".join(parts).decode().replace("\r\n", "\n").splitlines()
    return "\n".join(re.split(r"\r|\x1b\[2?K", line)[-1] for line in lines)


def without_fonts(svg: str) -> str:
    """Without the fonts that a page would load from elsewhere; the reader's own are used."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    main()
