"""In a folder without a project no command starts a server, and none leaves a trace."""

from __future__ import annotations

import subprocess
from pathlib import Path

import click
import pytest

from sqlmig.cli import main
from sqlmig.embedded import EmbeddedMongo, EmbeddedPostgres
from tests.command import Run
from tests.project import Project

ARGUMENTS = {
    "rollback": ("--steps", "1"),
    "diff": ("1",),
    "repair": ("--all",),
    "show": ("1",),
    "baseline": ("1",),
    "mark": ("1", "--reason", "a test"),
    "unmark": ("1", "--reason", "a test"),
    "mongo reset": ("--yes",),
    "fleet status": ("--schemas", "public"),
    "new": ("add invoices",),
    "fleet apply": ("--schemas", "public"),
}
MORE = [
    ("environment", "set", "testing"),
    ("seed", "--dry-run"),
    ("seed", "--prove"),
    ("seed", "--only", "sql"),
    ("seed", "--only", "mongo"),
    ("apply", "--dry-run"),
    ("rollback", "1", "--dry-run"),
    ("verify", "--only-pending"),
    ("show", "1", "--recorded"),
    ("status", "--check"),
]
# They work on files, or on a server that is there.
WITHOUT_A_SERVER = {
    *(
        "create",
        "drop",
        "import",
        "init",
        "changelog lint",
        "changelog add",
        "changelog rules",
    ),
    *("embedded status", "embedded stop", "embedded reset", "embedded url"),
}


def names(group: click.Group, before: str = "") -> list[str]:
    """All commands, those of groups with the name of their group."""
    found = []
    for name in group.commands:
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            found += names(command, f"{name} ")
        else:
            found.append(before + name)
    return found


COMMANDS = [
    *((*name.split(), *ARGUMENTS.get(name, ())) for name in names(main)),
    *MORE,
]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return Run(folder)(*arguments)


def stop_servers(folder: Path) -> None:
    if (folder / ".sqlmig").exists():
        EmbeddedPostgres(folder / ".sqlmig").reset()
        EmbeddedMongo(folder / ".sqlmig").reset()


@pytest.mark.parametrize(
    "command",
    [each for each in COMMANDS if " ".join(each) not in WITHOUT_A_SERVER],
    ids=" ".join,
)
def test_without_a_project_no_server_is_started(tmp_path: Path, command: tuple[str, ...]) -> None:
    try:
        done = run(tmp_path, "--embedded", *command)
        assert done.returncode == 2
        assert "no such folder" in done.stderr or "has neither sqlmig settings" in done.stderr
        assert "Started" not in done.stderr
        assert list(tmp_path.iterdir()) == []
    finally:
        stop_servers(tmp_path)


def test_new_needs_the_folder_of_migrations_or_settings(tmp_path: Path) -> None:
    refused = run(tmp_path, "new", "add invoices")
    assert (refused.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "Name the folder of your project with --project, or create one with `sqlmig init`." in (
        refused.stderr
    )
    (tmp_path / "sql/migrations").mkdir(parents=True)
    assert run(tmp_path, "new", "add invoices").returncode == 0


def test_verify_starts_none_of_itself_either(tmp_path: Path) -> None:
    try:
        done = run(tmp_path, "verify")
        assert done.returncode == 2
        assert done.stderr.startswith("Database: the embedded server\nError: sql/migrations: no ")
        assert list(tmp_path.iterdir()) == []
    finally:
        stop_servers(tmp_path)


@pytest.mark.parametrize(
    "command",
    [("apply",), ("status",), ("seed",), ("check",), ("verify",), ("drift",), ("mark", "1")],
    ids=" ".join,
)
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("sql/migrations/001_a.sql", "-- depnds: 000\nselect 1"),
        ("sql/migrations/001_a.sql", b"select '\xff'"),
        ("sql/rollbacks/009_orphan.sql", "select 1"),
        ("sqlmig.toml", "lock_timout = 1"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_before_a_server_is_started(
    project: Project, command: tuple[str, ...], path: str, text: str | bytes
) -> None:
    project.migration("001_a", "select 1")
    project.write(path, text)
    reason = ("--reason", "a test") if command[0] == "mark" else ()
    try:
        done = run(project.root, "--embedded", *command, *reason)
        assert done.returncode == 2
        assert path.rpartition("/")[2] in done.stderr
        assert not (project.root / ".sqlmig").exists()
    finally:
        stop_servers(project.root)


def test_bad_checks_are_told_before_a_server_is_started(project: Project) -> None:
    project.migration("001_a", "select 1")
    project.write("sql/checks/001.sql", "-- expect: wonders\nselect 1")
    try:
        done = run(project.root, "--embedded", "apply")
        assert done.returncode == 2
        assert "sql/checks/001.sql" in done.stderr
        assert not (project.root / ".sqlmig").exists()
    finally:
        stop_servers(project.root)


def test_fixtures_alone_start_no_server_for_a_command_that_needs_migrations(
    project: Project,
) -> None:
    project.write("mongo_seeds/reference/10_classes.json", '[{"_id": "class-1"}]')
    try:
        done = run(project.root, "--embedded", "seed")
        assert done.returncode == 2
        assert "sql/migrations: no such folder" in done.stderr
        assert not (project.root / ".sqlmig").exists()
    finally:
        stop_servers(project.root)


def test_the_server_is_started_and_announced_once_the_files_are_read(project: Project) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    try:
        done = run(project.root, "verify")
        assert done.returncode == 0
        assert "Started PostgreSQL " in done.stderr
        assert "keeps running until `sqlmig embedded stop`" in done.stderr
        assert run(project.root, "--embedded", "apply").returncode == 0
        stamped = run(project.root, "--embedded", "environment")
        assert stamped.stdout == "development, from the database's stamp\n"
    finally:
        stop_servers(project.root)
