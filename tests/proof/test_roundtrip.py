"""What `verify` finds, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from sqlmig.errors import DatabaseUnavailableError, ServerError
from sqlmig.migrator import Migrator
from sqlmig.proof.roundtrip import RoundTrip, Verdict, Verification
from tests.database import Database
from tests.project import Project
from tests.proof.kinds import KINDS, OTHER_ROLE, Kind
from tests.proof.scratch import left_behind, made_here

Verify = Callable[..., Verification]


@pytest.fixture
def verify(project: Project, database: Database) -> Verify:
    return Migrator(project.config(database=database.url)).verify


def verdicts(result: Verification) -> list[str]:
    return [trip.verdict.value for trip in result.round_trips]


def told(trip: RoundTrip) -> list[str]:
    return [f"{each.presence.value} {each.object}" for each in trip.differences]


def test_the_rollbacks_of_this_repository_restore_what_was_there(
    smart_kids: Path, database: Database
) -> None:
    project = Project(smart_kids)
    result = Migrator(project.config(database=database.url)).verify()
    assert result.is_sound
    assert set(verdicts(result)) == {"reversible"}
    assert len(result.round_trips) == len(project.files())


def test_names_that_a_default_uses_may_be_altered_and_altered_back(
    project: Project, verify: Verify
) -> None:
    project.migration("001_a", "create table t (id serial primary key)", "drop table t")
    project.migration(
        "002_b",
        "alter sequence t_id_seq rename to numbers",
        "alter sequence numbers rename to t_id_seq",
    )
    assert verdicts(verify()) == ["reversible", "reversible"]


def test_a_rollback_that_leaves_a_default_with_another_sequence_is_told(
    project: Project, verify: Verify
) -> None:
    project.migration(
        "001_a",
        "create sequence a; create sequence b; create table t (x int default nextval('a'))",
        "drop table t; drop sequence a; drop sequence b",
    )
    project.migration("002_b", "create table unrelated ()", "drop table unrelated")
    project.migration(
        "003_c",
        "alter sequence a rename to c; alter sequence b rename to a; alter sequence c rename to b",
        "select 1",
    )
    assert verdicts(verify()) == ["reversible", "reversible", "not restored"]


def test_it_writes_nothing_to_the_database_and_leaves_no_scratch_behind(
    project: Project, database: Database, verify: Verify
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    before = database.relations()
    assert verify().is_sound
    assert database.relations() == before
    assert left_behind(database) == []


def test_a_rollback_that_forgets_something_is_told_and_the_walk_goes_on(
    project: Project, verify: Verify
) -> None:
    project.migration("001_a", "create table a (x int); create index i on a (x)", "drop table a")
    project.migration(
        "002_b", "create table b (); create view v as select * from a", "drop table b"
    )
    project.migration("003_c", "create table c (y int)", "drop table c")
    result = verify()
    assert verdicts(result) == ["reversible", "not restored", "reversible"]
    assert told(result.round_trips[1]) == ["extra view public.v"]
    assert not result.is_sound


BOOKS = "create table books (id int primary key, author text not null)"
# A migration, its rollback, and whether that works on an empty table alone.
REQUIRED = {
    "not null": ("drop author", "add author text not null", True),
    "a default": ("drop author", "add author text not null default ''", False),
    "nullable": ("alter author drop not null, drop author", "add author text", False),
    "filled": (
        "drop author",
        "add author text; update books set author = '';"
        " alter table books alter author SET NOT NULL",
        False,
    ),
    "renamed": ("rename author to writer", "rename writer to author", False),
    "a key": ("drop id", "add id int primary key", True),
    "identity": ("drop id", "add id int generated always as identity primary key", False),
    "generated": (
        "drop author",
        "add author text generated always as ('x') stored not null",
        False,
    ),
    "a new table": ("rename to volumes", "rename to books", False),
}


@pytest.mark.parametrize("case", REQUIRED)
def test_a_rollback_that_works_on_an_empty_table_alone_is_warned_of(
    project: Project, verify: Verify, case: str
) -> None:
    change, undo, is_warned_of = REQUIRED[case]
    table = "volumes" if case == "a new table" else "books"
    project.migration("001_a", BOOKS, "drop table books")
    project.migration("002_b", f"alter table books {change}", f"alter table {table} {undo}")
    result = verify()
    (warning,) = result.warnings or ("",)
    assert bool(warning) is is_warned_of
    if is_warned_of:
        assert warning.startswith("the rollback of 002_b fails where the table has rows: it adds ")
        assert result.is_sound


def test_a_rollback_that_restores_something_else_shows_both_definitions(
    project: Project, verify: Verify
) -> None:
    project.migration("001_a", "create table a (x varchar(5))", "drop table a")
    project.migration(
        "002_b", "alter table a alter x type text", "alter table a alter x type varchar(6)"
    )
    (difference,) = verify().round_trips[1].differences
    assert list(difference.lines()) == [
        "- type: character varying(5)",
        "+ type: character varying(6)",
    ]


def test_the_order_of_columns_is_no_difference(project: Project, verify: Verify) -> None:
    project.migration("001_a", "create table a (x int, y int)", "drop table a")
    project.migration("002_b", "alter table a drop x", "alter table a add x int")
    assert verify().is_sound


def test_a_rollback_that_fails_is_told_with_its_place(project: Project, verify: Verify) -> None:
    project.migration("001_a", "create table a ()", "drop table\n  b")
    project.migration("002_b", "create table b ()", "drop table b")
    result = verify()
    assert verdicts(result) == ["rollback failed", "reversible"]
    error = result.round_trips[0].error
    assert error is not None
    assert str(error.location).endswith("sql/rollbacks/001_a.sql:1:1")


def test_after_a_rollback_that_failed_half_way_the_state_is_built_anew(
    project: Project, verify: Verify
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    project.migration(
        "002_b",
        "-- transactional: false\ncreate table b (); create table c ()",
        "-- transactional: false\ndrop table b; drop table nothing",
    )
    project.migration("003_c", "alter table b add x int", "alter table b drop x")
    result = verify()
    assert verdicts(result) == ["reversible", "rollback failed", "reversible"]
    assert [trip.transactional for trip in result.round_trips] == [True, False, True]


def test_a_migration_that_makes_something_else_the_second_time_is_told(
    project: Project, verify: Verify
) -> None:
    project.migration("001_a", "create sequence s", "drop sequence s")
    project.migration(
        "002_b",
        "do $$begin execute format('create table t%s ()', nextval('s')); end$$",
        "do $$begin execute format('drop table t%s', currval('s')); end$$",
    )
    project.migration("003_c", "alter table t1 add x int", "alter table t1 drop x")
    result = verify()
    assert verdicts(result) == ["reversible", "rollback failed", "reversible"]
    project.migration(
        "002_b",
        "do $$begin execute format('create table t%s ()', nextval('s')); end$$",
        "do $$begin execute format('drop table t%s', (select last_value from s)); end$$",
    )
    result = verify()
    assert verdicts(result) == ["reversible", "not repeatable", "reversible"]
    assert told(result.round_trips[1]) == ["missing table public.t1", "extra table public.t2"]


@pytest.mark.parametrize(
    ("rollback", "verdict"),
    [
        ("drop view since", "not repeatable"),
        ("select 1", "not restored"),
        ("-- transactional: false\ndrop view since; drop view since", "rollback failed"),
    ],
)
def test_after_a_rebuild_what_is_otherwise_by_then_is_not_blamed_on_the_next_migration(
    project: Project, verify: Verify, rollback: str, verdict: str
) -> None:
    project.migration("001_a", "create view since as select 'now'::timestamp as t", rollback)
    project.migration("002_b", "create table x (a int)", "drop table x")
    project.migration("003_c", "create table y (a int)", "select 1")
    project.migration("004_d", "create table z (a int)", "drop table z")
    assert verdicts(verify()) == [verdict, "reversible", "not restored", "reversible"]


def test_an_irreversible_migration_is_listed_with_its_reason(
    project: Project, verify: Verify
) -> None:
    project.irreversible("001_a", "-- irreversible: it is the first\ncreate table a ()")
    result = verify()
    assert result.is_sound
    assert result.round_trips == (
        RoundTrip("001_a", Verdict.IRREVERSIBLE, reason="it is the first"),
    )


def test_after_an_apply_that_fails_the_rest_is_not_attempted(
    project: Project, verify: Verify
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    project.migration("002_b", "select 1/0")
    project.migration("003_c", "create table c ()", "drop table c")
    assert verdicts(verify()) == ["reversible", "apply failed", "not attempted"]


def test_it_goes_up_to_its_target(project: Project, verify: Verify) -> None:
    for number in (1, 2, 3):
        project.migration(f"00{number}_x", f"create table t{number} ()", f"drop table t{number}")
    assert [trip.migration_id for trip in verify("2").round_trips] == ["001_x", "002_x"]


def test_only_pending_runs_what_is_applied_once_and_looks_at_the_rest(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a (x int)", "drop table nothing")
    Migrator(project.config(database=database.url)).apply()
    project.migration("002_b", "alter table a add y int", "alter table a drop y")
    result = Migrator(project.config(database=database.url)).verify_pending()
    assert [(trip.migration_id, trip.verdict) for trip in result.round_trips] == [
        ("002_b", Verdict.REVERSIBLE)
    ]
    assert database.rows("SELECT * FROM a") == []
    columns = "SELECT attname FROM pg_attribute WHERE attrelid = 'a'::regclass AND attnum > 0"
    assert database.rows(columns) == [("x",)]


def test_what_a_database_has_its_sessions_begin_with_holds_on_the_scratch_too(
    project: Project, database: Database, verify: Verify
) -> None:
    name = database.connection.info.dbname
    database.execute(f'ALTER DATABASE "{name}" SET search_path = app, "$user", public')
    project.migration("001_a", "create schema app", "drop schema app")
    project.migration("002_b", "create table b ()", "drop table app.b")
    assert verify().is_sound


def test_a_url_names_another_server(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    migrator = Migrator(project.config(database="postgresql://nobody@127.0.0.1:1/nothing"))
    with pytest.raises(DatabaseUnavailableError):
        migrator.verify()


def test_a_role_that_may_not_make_databases_is_told_what_to_do(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    database.execute(
        f"DO $$BEGIN CREATE ROLE {OTHER_ROLE} LOGIN; "
        f"EXCEPTION WHEN OTHERS THEN ALTER ROLE {OTHER_ROLE} LOGIN; END$$"
    )
    url = database.url.replace("//postgres@", f"//{OTHER_ROLE}@")
    with pytest.raises(ServerError, match="may not create a scratch database") as refused:
        Migrator(project.config(database=url)).verify()
    assert "--scratch-url" in str(refused.value)


def test_it_tells_of_each_migration_as_it_is_done(project: Project, verify: Verify) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    project.migration("002_b", "create table b ()", "drop table b")
    heard: list[RoundTrip] = []
    assert tuple(heard) != verify(tell=heard.append).round_trips == tuple(heard)


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.name != "subscription"], ids=lambda kind: kind.name
)
def test_a_rollback_that_forgets_any_kind_of_object_is_caught(
    project: Project, database: Database, verify: Verify, kind: Kind
) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(
            f"DO $$BEGIN CREATE ROLE {OTHER_ROLE}; EXCEPTION WHEN OTHERS THEN NULL; END$$".encode()
        )
    project.irreversible("001_a", f"-- irreversible: a test\ncreate schema other; {kind.before}")
    project.migration("002_b", kind.create, kind.drop)
    project.migration("003_c", "drop table if exists nothing", "select 1")
    assert verdicts(verify()) == ["irreversible", "reversible", "reversible"]
    project.migration("002_b", kind.create, "select 1")
    assert verdicts(verify()) == ["irreversible", "not restored", "reversible"]


def test_at_the_end_the_seeds_are_proven_and_the_checks_run(
    project: Project, verify: Verify
) -> None:
    project.migration("001_a", "create table a (x int)", "drop table a")
    project.write("sql/seeds/reference/01_a.sql", "insert into a values (1)")
    project.write("sql/checks/01_a.sql", "-- There is something\n-- expect: rows\nselect * from a")
    result = verify()
    assert verdicts(result) == ["reversible"]
    assert [finding.split(":")[0] for finding in result.findings] == [
        "the seed reference/01_a",
        "the check 01_a",
    ]
    assert not result.is_sound


def test_an_interruption_leaves_no_scratch_behind(
    project: Project, database: Database, verify: Verify
) -> None:
    project.migration("001_a", "create table a (x int)", "drop table a")

    def interrupt(trip: RoundTrip) -> None:
        assert made_here(database)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify(tell=interrupt)
    assert left_behind(database) == []
