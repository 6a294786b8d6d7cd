"""Every command's JSON is what its schema in docs/schemas says, and every schema is in use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sqlmig.cli import main
from tests.command import Run
from tests.database import Database
from tests.mongo.seeds import Seeds
from tests.repository import Repository

SCHEMAS = Path(__file__).parents[2] / "docs/schemas"

# Run in this order on one database; each with the schema of what it prints.
COMMANDS = [
    (("init",), "init"),
    (("validate",), "validate"),
    (("apply", "--dry-run"), "plan"),
    (("apply", "2"), "run"),
    (("apply",), "error"),
    (("status",), "status"),
    (("diff", "1"), "diff"),
    (("repair", "--all"), "repair"),
    (("show", "1", "--recorded"), "show"),
    (("baseline", "1"), "error"),
    (("unmark", "2", "--reason", "a test"), "mark"),
    (("mark", "2", "--reason", "a test"), "mark"),
    (("drift",), "drift"),
    (("verify",), "verify"),
    (("fleet", "status", "--schemas", "public"), "fleet_target"),
    (("fleet", "apply", "1", "--schemas", "public"), "fleet_target"),
    (("fleet", "apply", "--schemas", "public"), "fleet_target"),
    (("fleet", "status"), "error"),
    (("impact", "--all", "2"), "impact"),
    (("schema", "--check"), "error"),
    (("verify", "--rows"), "error"),
    (("environment",), "environment"),
    (("environment", "set", "testing"), "environment"),
    (("seed",), "error"),
    (("check",), "check"),
    (("rollback", "--steps", "1", "--dry-run"), "plan"),
    (("rollback", "--steps", "1"), "run"),
    (("apply", "999"), "error"),
    (("--env", "development", "create"), "database"),
    (("create",), "error"),
    (("new", "add invoices"), "new"),
    (("renumber", "4", "--to", "7"), "renumber"),
    (("renumber", "7"), "renumber"),
    (("changelog", "add", "1", "the first of all tables"), "changelog_add"),
    (("changelog", "add", "--missing"), "changelog_add"),
    (("changelog", "lint", "--worktree"), "changelog_lint"),
    (("changelog", "rules"), "changelog_rules"),
    (("mongo", "status"), "mongo_seeds"),
    (("mongo", "reset", "--yes"), "mongo_reset"),
    (("embedded", "status"), "embedded"),
    (("embedded", "url"), "error"),
]
# The seeds want every migration applied.
SEEDING = [
    (("apply",), "run"),
    (("seed", "--dry-run"), "seed_plan"),
    (("seed", "--prove"), "seed_proof"),
    (("verify", "--rows"), "verify_rows"),
    (("seed",), "seed"),
    (("check",), "check"),
    (("schema",), "schema"),
    (("schema", "--check"), "schema"),
]
# Those of the server are tried where there is one: tests/cli/test_embedded.py.
WITH_A_SERVER = [("embedded start", "embedded"), ("embedded url", "embedded_url")]
# Those about another tool where there are its files: tests/adoption/test_commands.py.
WITH_ANOTHER_TOOL = [("import", "import"), ("baseline --from", "adoption")]


def schema(name: str) -> Draft202012Validator:
    document = json.loads((SCHEMAS / f"{name}.json").read_text())
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def test_every_command_prints_what_its_schema_says(
    repository: Repository, database: Database, mongo_url: str
) -> None:
    repository.migration("001_a", "create table a ()", "drop table a")
    repository.migration("002_b", "-- transactional: false\ncreate table b ()", "drop table b")
    repository.migration("003_c", "select 1/0")
    seeds = Seeds(repository.root / "mongo_seeds")
    seeds.documents("reference/10_classes.json", {"_id": "class-1", "name": "1"})
    for arguments, name in (*COMMANDS, *SEEDING):
        if (arguments, name) == SEEDING[0]:
            make_seedable(repository)
        urls = ["--database-url", database.url, "--mongo-url", mongo_url]
        if arguments[0] in ("init", "embedded", "new", "changelog"):
            urls = []
        if arguments[0] == "mongo":
            urls += ["--env", "test"]
        done = Run(repository.root)(*arguments, *urls, "--format", "json")
        schema(name).validate(json.loads(done.stdout))
        assert done.stderr == ""


def make_seedable(repository: Repository) -> None:
    """Mends what does not apply, and adds seeds and a check."""
    for path in (repository.root / "sql").rglob("00[34]_*.sql"):
        path.write_text("select 1")
    repository.write("sql/seeds/testing/001.sql", "insert into a default values")
    repository.write("sql/checks/001.sql", "-- requires: 003_c\nselect 1 where false")


def test_every_schema_is_in_use_and_in_the_table() -> None:
    files = {path.stem for path in SCHEMAS.glob("*.json")}
    assert files == {name for _, name in (*COMMANDS, *SEEDING, *WITH_A_SERVER, *WITH_ANOTHER_TOOL)}
    table = (SCHEMAS / "README.md").read_text()
    assert all(f"[{name}.json]({name}.json)" in table for name in files)


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_is_in_the_table(command: str) -> None:
    assert f"`{command}" in (SCHEMAS / "README.md").read_text()
