"""The commands about MongoDB, run as a user runs them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from sqlmig.embedded import EmbeddedMongo
from tests.command import Run
from tests.database import Database as PostgresDatabase
from tests.mongo.seeds import Seeds
from tests.project import Project

MongoRun = Callable[..., "subprocess.CompletedProcess[str]"]
PASSWORD = "hunter2"


@pytest.fixture
def run(project: Project, mongo_url: str) -> MongoRun:
    """Runs `python -m sqlmig mongo …`, or `seed --only mongo`, on the test's database."""

    command = Run(project.root, mongo_url, "--mongo-url")

    def run(
        *arguments: str, url: str | None = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        words = ("seed", "--only", "mongo") if arguments[0] == "seed" else ("mongo", arguments[0])
        return command(*words, *arguments[1:], url=url, **variables)

    return run


@pytest.fixture
def aside(mongo_url: str) -> Iterator[Database[dict[str, Any]]]:
    """The same database behind sqlmig's back."""
    with MongoClient[dict[str, Any]](mongo_url) as client:
        yield client.get_default_database()


@pytest.fixture(autouse=True)
def seeds(project: Project) -> Seeds:
    seeds = Seeds(project.root / "mongo_seeds")
    seeds.documents(
        "reference/10_classes.json", {"_id": "class-1", "name": "1"}, {"_id": "class-2"}
    )
    seeds.documents("demo/20_students.demo.json", {"_id": "s-1", "is_demo": True})
    return seeds


def test_seed_tells_what_became_of_each_files_documents(
    run: MongoRun, aside: Database[dict[str, Any]]
) -> None:
    done = run("seed", "--env", "dev")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["COLLECTION", "NEW", "UNCHANGED", "CHANGED", "DELETED", "FILE"],
        ["classes", "2", "0", "0", "0", "mongo_seeds/reference/10_classes.json"],
        ["students", "1", "0", "0", "0", "mongo_seeds/demo/20_students.demo.json"],
        ["Seeded", "for", "development:", "3", "added."],
    ]
    assert aside["classes"].count_documents({}) == 2


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(
    run: MongoRun, aside: Database[dict[str, Any]]
) -> None:
    done = run("seed", "--dry-run", "--env", "dev")
    assert done.stdout.endswith("Would seed for development: 3 added. Nothing was written.\n")
    assert aside.list_collection_names() == []


def test_unset_means_production_and_its_documents_are_kept(
    run: MongoRun, aside: Database[dict[str, Any]]
) -> None:
    assert run("seed").stdout.endswith("Seeded for production: 2 added.\n")
    aside["classes"].update_one({"_id": "class-1"}, {"$set": {"name": "one"}})
    aside["classes"].delete_one({"_id": "class-2"})
    assert run("seed").stdout.splitlines()[2:] == [
        "mongo_seeds/reference/10_classes.json:2:1: class-1 is changed in name",
        "mongo_seeds/reference/10_classes.json:3:1: class-2 is deleted",
        "Seeded for production: 1 kept as changed, 1 left deleted.",
    ]


def test_status_tells_what_differs_and_what_is_next(run: MongoRun) -> None:
    done = run("status", "--env", "test")
    assert done.returncode == 0
    assert done.stdout.endswith(
        "Fixtures for testing: 2 new.\nNext: sqlmig --env test seed --only mongo\n"
    )
    run("seed", "--env", "test")
    assert run("status", "--env", "test").stdout.endswith("Fixtures for testing: 2 unchanged.\n")


def test_status_check_exits_1_when_anything_differs(
    run: MongoRun, aside: Database[dict[str, Any]]
) -> None:
    assert run("status", "--check").returncode == 1
    run("seed")
    assert run("status", "--check").returncode == 0
    aside["students"].insert_one({"_id": 1, "is_demo": True})
    done = run("status", "--check")
    assert done.returncode == 1
    assert "students: 1 demo document in a production database; remove them" in done.stdout


def test_status_names_documents_that_were_removed_from_their_fixture(
    run: MongoRun, seeds: Seeds
) -> None:
    run("seed")
    seeds.text("reference/10_classes.json", '{"_id": "class-1", "name": "1"}\n')
    done = run("status", "--check")
    assert done.returncode == 1
    assert "classes: seeded, but no longer in any fixture: class-2\n" in done.stdout
    assert json.loads(run("status", "--format", "json").stdout)["removed"] == {
        "classes": ["class-2"]
    }


def test_reset_wants_a_yes_and_tells_what_it_dropped(
    run: MongoRun, aside: Database[dict[str, Any]]
) -> None:
    run("seed", "--env", "dev")
    refused = run("reset", "--env", "dev")
    assert refused.returncode == 3
    assert refused.stderr == (
        "Error: this drops every collection that was seeded; confirmation is required\n"
        "Nothing was changed. To confirm: sqlmig --env dev mongo reset --yes.\n"
    )
    assert aside["classes"].count_documents({}) == 2
    done = run("reset", "--env", "dev", "--yes")
    assert done.stdout == (
        "Dropped classes, students. Seed again with: sqlmig --env dev seed --only mongo\n"
    )
    assert aside.list_collection_names() == ["_sqlmig_state"]


@pytest.mark.parametrize("arguments", [(), ("--env", "prod"), ("--env", "production")])
def test_reset_in_production_exits_2_and_drops_nothing(
    run: MongoRun, aside: Database[dict[str, Any]], arguments: tuple[str, ...]
) -> None:
    run("seed", *arguments)
    done = run("reset", "--yes", *arguments)
    assert done.returncode == 2
    assert "dropped only in development and testing" in done.stderr
    assert aside["classes"].count_documents({}) == 2


def test_reset_of_a_database_that_might_be_production_exits_2_and_drops_nothing(
    run: MongoRun, aside: Database[dict[str, Any]]
) -> None:
    run("seed")
    done = run("reset", "--yes", "--env", "dev")
    assert done.returncode == 2
    assert "has no stamp: it may be a production database" in done.stderr
    assert "sqlmig environment set development" in done.stderr
    assert aside["classes"].count_documents({}) == 2


def test_looking_at_a_database_that_might_be_production_tells_so(
    run: Run, aside: Database[dict[str, Any]]
) -> None:
    run("seed")
    for command in (("status",), ("seed", "--dry-run")):
        done = run(*command, SQLMIG_ENV="dev")
        assert done.returncode == 0
        assert "SQLMIG_ENV says development, but this MongoDB database has a history" in done.stderr
        assert "sqlmig environment set development" in done.stderr
        assert "for production" in done.stdout
        assert "students" not in done.stdout
    assert run("seed", SQLMIG_ENV="dev").returncode == 2
    assert aside["students"].count_documents({}) == 0


def test_a_project_of_mongodb_alone_is_stamped_by_the_command_that_is_named(
    run: Run, project: Project, mongo_url: str
) -> None:
    run("seed")
    done = Run(project.root)("--mongo-url", mongo_url, "environment", "set", "development")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "development, from the database's stamp\n"
    assert run("seed").stdout.endswith("Seeded for development: 1 added, 2 unchanged.\n")


@pytest.mark.parametrize("command", ["seed", "status", "reset"])
@pytest.mark.parametrize("name", ["moon", "Production ", "prd"])
def test_an_unknown_environment_exits_2_before_it_connects(
    run: MongoRun, command: str, name: str
) -> None:
    done = run(
        command,
        *(["--yes"] if command == "reset" else []),
        url="mongodb://127.0.0.1:1/x",
        SQLMIG_ENV=name,
    )
    assert done.returncode == 2
    assert "expected development, testing or production" in done.stderr


def test_bad_fixtures_exit_2_before_it_connects_and_all_are_told(
    run: MongoRun, seeds: Seeds
) -> None:
    seeds.text("reference/10_classes.json", '[{"_id": "a", "x": NaN},\n{"x": "hunter2"}]')
    done = run("seed", url="mongodb://127.0.0.1:1/x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "Error: mongo_seeds/reference/10_classes.json:1:15: [0].x: not a finite number\n"
    )
    assert "mongo_seeds/reference/10_classes.json:2:1: [1]: no _id" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_refused_document_exits_3_and_names_the_fixture(
    run: MongoRun, seeds: Seeds, aside: Database[dict[str, Any]]
) -> None:
    seeds.schema("classes", unique=[["name"]])
    aside["classes"].insert_one({"_id": "theirs", "name": "1"})
    done = run("seed")
    assert done.returncode == 3
    assert "mongo_seeds/reference/10_classes.json:2:20: [0].name: another document" in done.stderr
    document = json.loads(run("seed", "--format", "json").stdout)
    (error,) = document["errors"]
    assert error["location"] == {
        "path": "mongo_seeds/reference/10_classes.json",
        "line": 2,
        "column": 20,
    }


def test_a_named_environment_stamps_the_database_and_one_that_disagrees_exits_2(
    run: MongoRun,
) -> None:
    run("seed", "--env", "test")
    for command in ("seed", "status"):
        done = run(command, "--env", "prod")
        assert done.returncode == 2
        assert "stamped as testing, but production was requested" in done.stderr
        assert run(command, SQLMIG_ENV="dev").returncode == 2


def test_the_stamp_outweighs_the_projects_setting(run: MongoRun, project: Project) -> None:
    assert run("seed", "--env", "test").stdout.endswith("Seeded for testing: 2 added.\n")
    project.write("sqlmig.toml", 'environment = "development"\n')
    assert run("seed").stdout.endswith("Seeded for testing: 2 unchanged.\n")


def test_every_command_prints_one_json_object(run: MongoRun) -> None:
    documents = [
        json.loads(run(*command, "--env", "dev", "--format", "json").stdout)
        for command in (("seed", "--dry-run"), ("seed",), ("status",), ("reset", "--yes"))
    ]
    assert [document["version"] for document in documents] == [1] * 4
    documents[:2] = [document["mongo"] for document in documents[:2]]
    assert documents[0]["files"][0] == {
        "path": "mongo_seeds/reference/10_classes.json",
        "collection": "classes",
        "counts": {"new": 2, "unchanged": 0, "changed": 0, "deleted": 0},
        "differences": [],
    }
    assert documents[1]["environment"] == "development"
    assert documents[1]["written"] == ["new", "changed", "deleted"]
    assert documents[2]["files"][1]["counts"]["unchanged"] == 1
    assert documents[3]["dropped"] == ["classes", "students"]


@pytest.mark.parametrize("variable", ["SQLMIG_MONGO_URL", "MONGODB_URI", "MONGO_URL"])
def test_the_url_may_stand_in_the_environment(run: MongoRun, variable: str, mongo_url: str) -> None:
    done = run("seed", url=None, **{variable: mongo_url})
    assert done.stdout.endswith("Seeded for production: 2 added.\n")


def test_without_a_url_the_ways_to_give_one_are_named(run: MongoRun) -> None:
    done = run("seed", url=None)
    assert done.returncode == 2
    assert "--mongo-url, SQLMIG_MONGO_URL, MONGODB_URI, MONGO_URL" in done.stderr
    assert 'No server? Use --embedded, or the setting mongo = "embedded".' in done.stderr


def test_seeding_both_databases_says_which_is_which(
    project: Project, mongo_url: str, database: PostgresDatabase
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    project.write("sql/seeds/reference/001.sql", "insert into a default values")
    run = Run(project.root, database.url)
    assert run("apply").returncode == 0
    told = run("seed", "--mongo-url", mongo_url).stdout
    assert "Seeded PostgreSQL for production: 1 seed changed rows.\n" in told
    assert told.endswith("Seeded MongoDB for production: 2 added.\n")


@pytest.mark.parametrize(
    "url", [f"mongodb://u:{PASSWORD}/@x", f"mongodb://u:{PASSWORD}@127.0.0.1:1/x"]
)
def test_the_password_of_the_url_is_never_shown(run: MongoRun, url: str) -> None:
    done = run("seed", "-v", url=f"{url}?serverSelectionTimeoutMS=100")
    assert done.returncode in (2, 3)
    assert PASSWORD not in done.stdout + done.stderr


def test_the_embedded_server_is_started_announced_and_found_again(
    run: MongoRun, project: Project
) -> None:
    project.write("sqlmig.toml", 'mongo = "embedded"\n')
    server = EmbeddedMongo(project.root / ".sqlmig")
    try:
        done = run("seed", url=None)
        assert done.returncode == 0
        assert "Started MongoDB (SecantusDB) for this project" in done.stderr
        assert done.stdout.endswith("Seeded for development: 3 added.\n")
        assert run("status", "--check", url=None).stderr == ""
        with MongoClient[dict[str, Any]](server.status().url) as client:
            stamps = client.get_default_database()["_sqlmig_state"]
            assert stamps.count_documents({"value": "development"}) == 1
        assert run("seed", "--env", "prod", url=None).returncode == 2
        embedded = partial(Run(project.root), "embedded")
        shown = embedded("status").stdout
        assert f"Connect with: mongosh '{server.status().url}'" in shown
        assert embedded("stop").stdout == "Stopped MongoDB (SecantusDB); the data is kept.\n"
        assert not server.status().running
        answer = embedded("reset", "--yes", "--format", "json").stdout
        assert json.loads(answer)["mongo"]["data"] is None
    finally:
        server.reset()


def test_a_long_load_on_a_terminal_shows_a_bar_and_none_in_a_pipe(
    run: MongoRun, seeds: Seeds, project: Project, mongo_url: str
) -> None:
    seeds.documents("reference/30_many.json", *({"_id": number} for number in range(1001)))
    terminal, other_end = pty.openpty()
    command = [sys.executable, "-m", "sqlmig", "--mongo-url", mongo_url, "seed", "--only", "mongo"]
    done = subprocess.run(
        command,
        cwd=project.root,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
        check=True,
        stdout=subprocess.PIPE,
        stderr=other_end,
        text=True,
    )
    os.close(other_end)
    drawn = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert "30_many.json" in drawn
    assert "10_classes.json" not in drawn
    assert done.stdout.endswith("1003 added.\n")
    assert run("seed").stderr == ""


def test_the_drivers_are_imported_only_by_commands_that_use_them(project: Project) -> None:
    code = (
        "import sys; from sqlmig.cli import main\n"
        "try: main(['mongo', '--help'])\n"
        "except SystemExit: pass\n"
        "print('IMPORTED', *sorted(name.split('.')[0] for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path.cwd(), check=True, capture_output=True, text=True
    )
    imported = set(done.stdout.splitlines()[-1].split())
    assert not imported & {"motor", "pymongo", "bson", "jsonschema_rs", "rich"}
