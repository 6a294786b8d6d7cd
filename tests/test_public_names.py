"""What other services import: every command has its twin, and a strict type checker agrees."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import click
import pytest

import sqlmig
from sqlmig.cli import main

ROOT = Path(__file__).parent.parent

TWINS = {
    "apply": "Migrator.apply",
    "apply --dry-run": "Migrator.plan_apply",
    "baseline": "Migrator.baseline",
    "changelog add": "add_entry",
    "changelog add --missing": "add_missing",
    "changelog lint": "lint_changelog",
    "changelog rules": "changelog_rules",
    "baseline --from": "Migrator.baseline_from",
    "check": "Migrator.check",
    "create": "create_database",
    "diff": "Migrator.compare",
    "drift": "Migrator.drift",
    "drop": "drop_database",
    "schema": "Migrator.schema_document",
    "embedded reset": "EmbeddedPostgres.reset",
    "embedded start": "EmbeddedPostgres.start",
    "embedded status": "EmbeddedPostgres.status",
    "embedded stop": "EmbeddedPostgres.stop",
    "embedded url": "EmbeddedPostgres.url",
    "environment": "Migrator.environment",
    "environment set": "set_environment",
    "fleet apply": "Fleet.apply",
    "fleet status": "Fleet.status",
    "import": "Migrator.import_migrations",
    "init": "write_starter",
    "mark": "Migrator.mark",
    "mongo reset": "MongoProject.reset",
    "mongo seed": "MongoProject.seed",
    "mongo seed --dry-run": "MongoProject.compare",
    "mongo status": "MongoProject.compare",
    "new": "new_migration",
    "renumber": "renumber",
    "repair": "Migrator.repair",
    "rollback": "Migrator.rollback",
    "rollback --dry-run": "Migrator.plan_rollback",
    "seed": "ProjectSeeder.seed",
    "seed --dry-run": "ProjectSeeder.plan",
    "seed --only sql": "Migrator.seed",
    "seed --only sql --dry-run": "Migrator.seed_statuses",
    "seed --prove": "Migrator.prove_seeds",
    "show": "Migrator.show",
    "status": "Migrator.status",
    "status --check": "Migrator.expect_current",
    "unmark": "Migrator.unmark",
    "validate": "Migrator.validate",
    "impact": "Migrator.impact",
    "impact --since": "Migrator.impact_since",
    "verify": "Migrator.verify",
    "verify --only-pending": "Migrator.verify_pending",
    "verify --rows": "Migrator.verify_rows",
}


def commands(group: click.Group, prefix: str = "") -> Iterator[str]:
    """Every command by its full name."""
    for name in group.commands:
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name


def test_every_command_has_its_twin() -> None:
    assert set(commands(main)) <= set(TWINS)


@pytest.mark.parametrize("path", sorted(set(TWINS.values())))
def test_a_twin_says_what_it_takes_and_returns_and_what_it_does(path: str) -> None:
    assert path.partition(".")[0] in sqlmig.__all__
    twin: Any = reduce(getattr, path.split("."), sqlmig)
    names = [name for name in inspect.signature(twin).parameters if name != "self"]
    assert inspect.getdoc(twin)
    assert inspect.signature(twin).return_annotation is not inspect.Signature.empty
    assert {*names, "return"} <= set(inspect.get_annotations(twin))


def test_the_methods_of_migrator_are_all_twins() -> None:
    methods = {f"Migrator.{name}" for name in vars(sqlmig.Migrator) if not name.startswith("_")}
    parts_of_commands = {"set_environment", "unknown_tables", "applied_ids"}
    assert methods - set(TWINS.values()) == {f"Migrator.{name}" for name in parts_of_commands}


@pytest.mark.long_form  # `make lint` checks the same file, with our settings
def test_a_project_that_uses_only_public_names_passes_strict_type_checks(tmp_path: Path) -> None:
    project = tmp_path / "project.py"
    shutil.copy(ROOT / "tests/typed_project.py", project)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file", ""),
            *("--follow-imports", "silent", str(project)),  # as with an installed sqlmig
        ],
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "Success: no issues found in 1 source file\n")


def test_the_names_that_are_documented_are_those_that_are_exported() -> None:
    section = (ROOT / "docs/reference.md").read_text().partition("## Names for Python")[2]
    assert sorted(sqlmig.__all__) == re.findall(r"^\| `(\w+)` \| .+ \|$", section, re.MULTILINE)


def test_the_type_hints_are_shipped() -> None:
    assert (Path(sqlmig.__file__).parent / "py.typed").exists()
