"""What no look at the shared catalogues sees, and no rollback undoes: the boundary that
docs/scratch.md names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sqlmig.embedded.postgres import temporary_postgres
from sqlmig.migrator import Migrator
from tests.project import Project

_NAMED = Path(__file__).parents[2] / "docs" / "scratch.md"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of this module's own, for what is done to it stays done."""
    with temporary_postgres({"fsync": "off", "wal_level": "logical"}) as postgres:
        yield str(postgres.status().url)


def value(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row and row[0]


@pytest.mark.parametrize(
    ("name", "statement", "seen"),
    [
        ("pg_reload_conf", "select pg_reload_conf()", "select pg_conf_load_time()::text"),
        (
            "replication slots",
            "select pg_create_physical_replication_slot('kept_' || "
            "(select count(*) from pg_replication_slots))",
            "select count(*) from pg_replication_slots",
        ),
        (
            "`COPY … TO` a file",
            "copy (select 1) to '{folder}/file'",
            "select (pg_stat_file('{folder}/file', true)).size",
        ),
        (
            "`COPY … TO PROGRAM`",
            "copy (select 1) to program 'cat > {folder}/program'",
            "select (pg_stat_file('{folder}/program', true)).size",
        ),
        (
            "`dblink`",
            "create extension dblink; select dblink_exec('{url}', 'comment on role postgres is "
            "''by dblink''')",
            "select shobj_description(10, 'pg_authid')",
        ),
        (
            "an index expression",
            "-- transactional: false\ncreate table t (x int); insert into t values (1);"
            "create function loud() returns int language plpgsql as $$begin "
            "alter role postgres set work_mem = '9MB'; return 1; end$$;"
            "create function quiet(int) returns int immutable language plpgsql as "
            "$$begin perform public.loud(); return 1; end$$;"
            "create index concurrently i on t (quiet(x))",
            "select count(*) from pg_db_role_setting where setconfig::text like '%9MB%'",
        ),
    ],
    ids=lambda value: value if len(value) < 25 else "",
)
def test_what_outlives_a_rollback_is_named_in_the_guide(
    url: str, tmp_path: Path, name: str, statement: str, seen: str
) -> None:
    folder = str(value(url, "show data_directory"))
    question = seen.format(folder=folder)
    before = value(url, question)
    project = Project(tmp_path)
    text = statement.replace("{folder}", folder).replace("{url}", url)
    project.irreversible("001_a", f"-- irreversible: a test\n{text}")
    (trip,) = Migrator(project.config(database=url)).verify().round_trips
    assert trip.error is None
    assert value(url, question) != before
    assert name in _NAMED.read_text()


def test_a_session_that_a_script_ends_stays_ended(url: str, tmp_path: Path) -> None:
    project = Project(tmp_path)
    with psycopg.connect(url, autocommit=True) as victim:
        pid = victim.info.backend_pid
        project.migration("001_a", f"select pg_terminate_backend({pid})")
        Migrator(project.config(database=url)).verify()
        with pytest.raises(psycopg.OperationalError):
            victim.execute("SELECT 1")
    assert "`pg_terminate_backend`" in _NAMED.read_text()
