"""The fixtures that sqlmig gives to the tests of a project, in runs of pytest of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from sqlmig import Config, Migrator
from sqlmig.engine.databases.templates import Template, TemplateServer, database_url
from sqlmig.testing import Contents
from sqlmig.testing import _Templates as Templates
from tests.database import Database
from tests.project import Project
from tests.pytest_run import run_pytest

TESTS = """
import psycopg
import pytest

@pytest.mark.parametrize("turn", range(12))
def test_each_test_begins_with_an_empty_table(sqlmig_database, turn):
    with psycopg.connect(sqlmig_database) as connection:
        assert connection.execute("select count(*) from notes").fetchone() == (0,)
        connection.execute("insert into notes values (1)")
        connection.execute("insert into _sqlmig_state values ('mine', '1')")
"""
# Each process appends what sqlmig logs to one file.
CONFTEST = """
import logging
from sqlmig.testing import Contents, migrated_database

logging.getLogger("sqlmig").setLevel(logging.INFO)
logging.getLogger("sqlmig").addHandler(logging.FileHandler("sqlmig.log"))
seeded = migrated_database(contents=Contents.SEEDED)
"""


@pytest.fixture
def service(
    project: Project, monkeypatch: pytest.MonkeyPatch, database: Database
) -> Iterator[Project]:
    """A project with a table, a seed, and tests that write to it."""
    project.write("sqlmig.toml", "")
    project.write("pytest.ini", "[pytest]\n")
    project.migration("001_notes", "create table notes (id int primary key);", "drop table notes;")
    project.write("sql/seeds/reference/001_note.sql", "insert into notes values (7);")
    project.write("conftest.py", CONFTEST)
    project.write("test_notes.py", TESTS)
    monkeypatch.setenv("SQLMIG_TEST_DATABASE_URL", database.url)
    yield project
    for name in {*built(project)} & {*databases(database)}:
        database.execute(f"alter database {name} is_template false")
        database.execute(f"drop database {name}")


def databases(database: Database) -> list[str]:
    return [name for (name,) in database.rows("select datname from pg_database order by 1")]


def built(service: Project) -> list[str]:
    """The templates that all processes built, in order."""
    log = service.root / "sqlmig.log"
    text = log.read_text() if log.exists() else ""
    return re.findall(r"built the template database (\w+)", text)


def family(service: Project) -> str:
    """What the names of the project's databases have in common."""
    return built(service)[0].split("_")[2]


def failed_run(service: Project, *arguments: str) -> str:
    """The output of a run of pytest in which something failed."""
    done = run_pytest(service.root, *arguments)
    assert done.returncode == 1
    return done.stdout


def run(service: Project, *arguments: str) -> str:
    """The output of a run of pytest in which all passed."""
    done = run_pytest(service.root, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_two_workers_build_the_template_once_and_each_test_has_its_own_copy(
    service: Project, database: Database
) -> None:
    assert "12 passed" in run(service, "-p", "xdist", "-n", "2")
    assert len(built(service)) == 1
    left = [name for name in databases(database) if family(service) in name]
    assert left == built(service)


def test_the_template_is_sealed(service: Project, database: Database) -> None:
    run(service)
    (name,) = built(service)
    url = database.url.replace(f"@/{database.connection.info.dbname}", f"@/{name}")
    with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"):
        psycopg.connect(url)


def test_a_later_run_finds_the_template(service: Project) -> None:
    run(service)
    run(service)
    assert len(built(service)) == 1


def test_a_file_that_changed_gives_a_new_template_and_the_old_one_goes(
    service: Project, database: Database
) -> None:
    run(service)
    service.migration("002_more", "create table more ();", "drop table more;")
    run(service)
    old, new = built(service)
    assert old != new
    assert new in databases(database)
    assert old not in databases(database)


def test_a_template_can_be_seeded(service: Project) -> None:
    service.write(
        "test_notes.py",
        "import psycopg\n"
        "def test_seed(seeded, sqlmig_database):\n"
        "    with psycopg.connect(seeded) as connection:\n"
        "        assert connection.execute('select id from notes').fetchall() == [(7,)]\n"
        "    with psycopg.connect(sqlmig_database) as connection:\n"
        "        assert connection.execute('select id from notes').fetchall() == []\n",
    )
    run(service)
    assert len(built(service)) == 2


def test_a_migration_that_fails_fails_the_tests_and_leaves_no_template(
    service: Project, database: Database
) -> None:
    service.migration("002_bad", "create table notes ();")
    with pytest.raises(AssertionError, match=r"002_bad\.sql:1:1: relation \"notes\" already"):
        run(service)
    assert built(service) == []
    service.migration("002_bad", "create table other ();")
    run(service)
    assert [name for name in databases(database) if family(service) in name] == built(service)


def test_what_a_killed_run_left_is_dropped_by_the_next(
    service: Project, database: Database
) -> None:
    run(service)
    left = f"sqlmig_test_{family(service)}_999999_abcd"
    in_use = f"sqlmig_test_{family(service)}_{database.connection.info.backend_pid}_abcd"
    for name in (left, in_use):
        database.execute(f"create database {name}")
    run(service)
    assert left not in databases(database)
    assert in_use in databases(database)
    database.execute(f"drop database {in_use}")


def test_each_copy_of_the_smart_kids_schema_is_whole_and_empty(
    smart_kids: Path, database: Database
) -> None:
    template = Template("5mart", "k1d5")
    config = Config.load(smart_kids, environ={})

    def build(url: str) -> None:
        Migrator(replace(config, database=url)).apply()

    with TemplateServer.at(database.url) as server:
        server.ensure(template, build, 60)
        for _ in range(2):
            with server.copy(template) as url, psycopg.connect(url) as connection:
                assert connection.execute("select count(*) from payments").fetchone() == (0,)
                connection.execute("create table left_behind ()")


def test_the_schema_can_be_loaded_by_pytest_postgresql(
    service: Project, database: Database
) -> None:
    info = database.connection.info
    service.write(
        "conftest.py",
        "from pytest_postgresql import factories\n"
        "from sqlmig.testing import migrate\n"
        f"server = factories.postgresql_noproc(host={info.host!r}, port={info.port},\n"
        f"    user={info.user!r}, dbname='loaded_by_sqlmig', load=[migrate])\n"
        "postgresql = factories.postgresql('server')\n",
    )
    service.write(
        "test_notes.py",
        "def test_loaded(postgresql):\n"
        "    assert postgresql.execute('select count(*) from notes').fetchone() == (0,)\n",
    )
    run(service, "-p", "pytest_postgresql.plugin")


def test_without_a_server_of_its_own_the_embedded_one_is_used(
    service: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SQLMIG_TEST_DATABASE_URL")
    try:
        run(service, "-k", "3]")
    finally:
        subprocess.run(
            [sys.executable, "-m", "sqlmig", "embedded", "reset", "--yes", "--quiet"],
            cwd=service.root,
            check=True,
        )
    assert len(built(service)) == 1


@pytest.mark.parametrize("variable", ["", " "])
def test_an_empty_variable_leads_to_no_server_of_its_own(
    service: Project, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv("SQLMIG_TEST_DATABASE_URL", variable)
    told = failed_run(service, "-k", "3]")
    assert "SQLMIG_TEST_DATABASE_URL is empty" in told
    assert not (service.root / ".sqlmig").exists()


def test_without_a_project_the_embedded_server_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SQLMIG_TEST_DATABASE_URL", raising=False)
    bare = Project(tmp_path)
    bare.write("pytest.ini", "[pytest]\n")
    bare.write("test_notes.py", TESTS)
    assert "has neither sqlmig settings" in failed_run(bare, "-k", "3]")
    assert not (bare.root / ".sqlmig").exists()


@pytest.mark.parametrize(
    ("parameters", "url"),
    [
        ({}, "postgresql:///"),
        ({"dbname": "a b"}, "postgresql:///a%20b"),
        (
            {"user": "u@x", "password": "p/w", "host": "h", "port": 5433, "dbname": "d"},
            "postgresql://u%40x:p%2Fw@/d?host=h&port=5433",
        ),
        ({"host": "/run/pg", "dbname": "d", "password": None}, "postgresql:///d?host=%2Frun%2Fpg"),
    ],
)
def test_the_url_of_parameters_is_read_back_as_these(
    parameters: dict[str, object], url: str
) -> None:
    assert database_url(parameters) == url
    given = {name: str(value) for name, value in parameters.items() if value is not None}
    assert psycopg.conninfo.conninfo_to_dict(url) == given


def test_the_plugin_is_light() -> None:
    program = (
        "import sys, sqlmig.testing\n"
        "assert not {'psycopg', 'yoyo', 'click', 'rich', 'motor'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_template_whose_removal_was_interrupted_is_made_again(
    service: Project, database: Database
) -> None:
    run(service)
    (name,) = built(service)
    # What PostgreSQL leaves of a DROP DATABASE in which the server died.
    database.execute(f"alter database {name} is_template false")
    database.execute(f"update pg_database set datconnlimit = -2 where datname = '{name}'")
    run(service)
    assert built(service) == [name, name]


def test_databases_of_another_kind_have_a_template_of_their_own(
    project: Project, database: Database
) -> None:
    project.migration("001_notes", "create table notes (id int)", "drop table notes")
    name, config = f"{database.connection.info.dbname}_latin1", project.config()
    database.execute(f"create database {name} template template0 encoding 'LATIN1' locale 'C'")
    made = {}
    for url in (database.url, database.url.replace(database.connection.info.dbname, name)):
        with TemplateServer.at(url) as server:
            template = Templates(server).template(config, Contents.SCHEMA)
            with server.copy(template) as copied, psycopg.connect(copied) as connection:
                assert connection.execute("select * from notes").fetchall() == []
                made[template.name] = connection.info.parameter_status("server_encoding")
    assert [*made.values()] == ["UTF8", "LATIN1"]
    for template_name in made:
        database.execute(f"alter database {template_name} is_template false")
        database.execute(f"drop database {template_name}")
    database.execute(f"drop database {name}")


@pytest.mark.parametrize("arguments", [(), ("-n", "2")])
def test_a_mistake_in_a_migration_ends_the_session_with_its_message_alone(
    service: Project, arguments: tuple[str, ...]
) -> None:
    service.migration("002_typo", "create tabel notes2 ();", "select 1;")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "sqlmig.testing", "-q", *arguments],
        cwd=service.root,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout
    assert done.returncode in (1, 2)  # 2 where pytest-xdist is stopped
    assert "Traceback" not in output
    assert "another exception" not in output
    assert 'sql/migrations/002_typo.sql:1:8: syntax error at or near "tabel"' in output
    assert output.count("create tabel notes2 ();") == output.count("ERROR at setup of") <= 2
    assert "sqlmig cannot make the test databases" in output
    assert len(output.splitlines()) < 40
