"""What the server says while scripts run is told: warnings always, the rest to who asks for it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field

import pytest

from sqlmig import Migrator
from sqlmig.errors import MigrationFailedError
from sqlmig.model import Location, Notice, NoticeObserver, SilentObserver
from sqlmig.plan import Newest
from tests.command import Run
from tests.database import Database
from tests.project import Project

RAISING = """do $$ begin
  raise warning '%' using detail = 'the detail', hint = 'the hint', errcode = '01P01';
end $$;
"""


@dataclass
class Listener(SilentObserver):
    """Remembers the notices."""

    heard: list[Notice] = field(default_factory=list)

    def noticed(self, notice: Notice) -> None:
        self.heard.append(notice)


def raising(level: str, words: str) -> str:
    return f"do $$ begin raise {level} '{words}'; end $$"


def places(notices: tuple[Notice, ...]) -> list[tuple[str, str, str]]:
    return [(n.severity, n.message.primary, within_project(n.location)) for n in notices]


def within_project(location: Location) -> str:
    return str(location).rpartition("sql/")[2] or str(location)


def test_each_notice_has_its_file_and_statement(project: Project, database: Database) -> None:
    project.migration(
        "001_a",
        f"create table a (id int);\ncopy a from stdin;\n1\n\\.\n{raising('warning', 'one')};\n"
        f"select 1;\n{raising('notice', 'two')}; {raising('info', 'three')};\n",
        raising("warning", "back"),
    )
    project.migration("002_b", f"-- transactional: false\nselect 1;\n{raising('warning', 'four')}")
    listener = Listener()
    assert isinstance(listener, NoticeObserver)
    migrator = Migrator(project.config(database=database.url), listener)
    report = migrator.apply()
    assert places(report.notices) == [
        ("WARNING", "one", "migrations/001_a.sql:5:1"),
        ("NOTICE", "two", "migrations/001_a.sql:7:1"),
        ("INFO", "three", "migrations/001_a.sql:7:41"),
        ("WARNING", "four", "migrations/002_b.sql:3:1"),
    ]
    assert [notice.script for notice in report.notices] == ["001_a"] * 3 + ["002_b"]
    assert tuple(listener.heard) == report.notices
    rolled_back = migrator.rollback(Newest(2))
    assert places(rolled_back.notices) == [("WARNING", "back", "rollbacks/001_a.sql:1:1")]


def test_what_is_deferred_to_the_end_of_a_script_has_its_file(
    project: Project, database: Database
) -> None:
    project.migration(
        "001_a",
        "create function f() returns trigger language plpgsql as $$ begin "
        "raise warning 'deferred'; return null; end $$;\n"
        "create table a (id int);\n"
        "create constraint trigger t after insert on a initially deferred for each row "
        "execute function f();\ninsert into a values (1)",
    )
    report = Migrator(project.config(database=database.url)).apply()
    assert places(report.notices) == [("WARNING", "deferred", "migrations/001_a.sql")]


def test_a_script_that_the_guard_runs_twice_says_it_once(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a (id int)", "drop table a")
    project.migration("002_b", "select 1", f"{raising('warning', 'once')};\ndelete from a")
    settings = {"database": database.url, "environment": "production", "protected_tables": ["a"]}
    migrator = Migrator(project.config(**settings))
    migrator.apply()
    assert len(migrator.rollback(Newest(1)).notices) == 1


def test_a_script_that_is_tried_again_says_it_once_in_the_report(
    project: Project, database: Database
) -> None:
    database.execute("create table a (id int)")
    project.migration(
        "001_a",
        f"-- lock_timeout: 100ms\n{raising('warning', 'once')};\ndrop table a;",
    )
    listener = Listener()
    migrator = Migrator(project.config(database=database.url), listener)
    with database.another_connection() as other:
        other.execute("begin; select from a")
        release = threading.Timer(0.4, other.rollback)
        release.start()
        report = migrator.apply()
        release.join()
    assert len(report.notices) == 1
    assert len(listener.heard) > 1


def test_a_failed_run_reports_what_was_said_before(project: Project, database: Database) -> None:
    project.migration("001_a", f"{raising('warning', 'before')};\nselect 1/0;")
    with pytest.raises(MigrationFailedError) as caught:
        Migrator(project.config(database=database.url)).apply()
    (notice,) = caught.value.report.notices
    assert notice.message.primary == "before"


def test_a_seed_has_its_notices(project: Project, database: Database) -> None:
    project.write("sql/seeds/reference/001_a.sql", f"select 1;\n{raising('warning', 'seeded')}")
    project.migration("001_a", "select 1")
    migrator = Migrator(project.config(database=database.url, environment="development"))
    migrator.apply()
    report = migrator.seed()
    assert places(report.notices) == [
        ("WARNING", "seeded", "seeds/reference/001_a.sql:2:1"),
    ]


def test_the_command_shows_warnings_and_with_verbose_the_rest(
    project: Project, database: Database
) -> None:
    words = RAISING.replace("'%'", "'look out'")
    project.migration("001_a", f"{words}{raising('notice', 'by the way')}", words)
    run = Run(project.root, database.url)
    shown = run("apply").stderr
    assert (
        "migrations/001_a.sql:1:1: WARNING: look out\nDETAIL: the detail\nHINT: the hint\n" in shown
    )
    assert "by the way" not in shown
    run("rollback", "--steps", "1", "--yes")
    verbose = run("apply", "--verbose").stderr
    assert verbose.count("WARNING: look out") == 1
    assert "migrations/001_a.sql:4:1: NOTICE: by the way" in verbose
    document = json.loads(run("rollback", "--steps", "1", "--yes", "--format", "json").stdout)
    assert document["notices"] == [
        {
            "script": "001_a",
            "severity": "WARNING",
            "sqlstate": "01P01",
            "message": "look out",
            "detail": "the detail",
            "hint": "the hint",
            "location": {
                "path": document["notices"][0]["location"]["path"],
                "line": 1,
                "column": 1,
            },
        }
    ]


def test_a_notice_of_a_function_is_of_the_statement_that_calls_it(
    project: Project, database: Database
) -> None:
    project.migration(
        "001_a",
        "create function f(n int) returns int language plpgsql as $$ begin "
        "raise notice 'of %', n; return n; end $$;\n"
        "select 1;\nselect f(3);\ncreate table if not exists a (id int);\n"
        "create table if not exists a ();\nselect f(i) from generate_series(1, 2) i;\n"
        "drop table if exists b;",
    )
    report = Migrator(project.config(database=database.url)).apply()
    assert [
        (n.message.primary, n.location.position.line) for n in report.notices if n.location.position
    ] == [
        ("of 3", 3),
        ('relation "a" already exists, skipping', 5),
        ("of 1", 6),
        ("of 2", 6),
        ('table "b" does not exist, skipping', 7),
    ]
