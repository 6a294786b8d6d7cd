"""Whatever sessions of a role or a database begin with, sqlmig does the same; scripts get it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from sqlmig import Migrator
from sqlmig.config import Config
from sqlmig.engine.server.settings import pins
from sqlmig.model import MigrationState
from sqlmig.plan import Newest
from tests.database import Database
from tests.project import Project

# What changes how text is read or written, how statements behave, or what ends sessions.
_KINDS = (
    "Client Connection Defaults / Locale and Formatting",
    "Client Connection Defaults / Other Defaults",
    "Client Connection Defaults / Statement Behavior",
    "Connections and Authentication / Connection Settings",
    "Connections and Authentication / TCP Settings",
    "Developer Options",
    "Error Handling",
    "Lock Management",
    "Version and Platform Compatibility / Other Platforms and Clients",
    "Version and Platform Compatibility / Previous PostgreSQL Versions",
)

# What sqlmig pins, with values that would be in its way: first those that do not meet each other.
PINNED_TOGETHER = {
    "DateStyle": "German",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Pacific/Chatham",
    "bytea_output": "escape",
    "default_transaction_isolation": "serializable",
    "extra_float_digits": "-15",
    "lc_monetary": "C.UTF-8",
    "quote_all_identifiers": "on",
}
PINNED_EACH = {
    "DateStyle": "SQL, DMY",
    "exit_on_error": "on",
    "idle_in_transaction_session_timeout": "100ms",
    "idle_session_timeout": "100ms",
    "lock_timeout": "1ms",
    "statement_timeout": "400ms",
    "transaction_timeout": "300ms",
}
PINNED = PINNED_TOGETHER | PINNED_EACH

# What is left as it is, each with a value that is not the default.
HARMLESS = {
    "array_nulls": "off",
    "backslash_quote": "off",
    "check_function_bodies": "off",
    "client_connection_check_interval": "1s",
    "client_min_messages": "debug5",
    "createrole_self_grant": "set",
    "deadlock_timeout": "10ms",
    "debug_discard_caches": "0",
    "default_table_access_method": "heap",
    "default_tablespace": "pg_default",
    "default_text_search_config": "german",
    "default_toast_compression": "pglz",
    "default_transaction_deferrable": "on",
    "dynamic_library_path": "$libdir:/nowhere",
    "escape_string_warning": "off",
    "event_triggers": "off",
    "extension_control_path": "$system:/nowhere",
    "gin_fuzzy_search_limit": "5",
    "gin_pending_list_limit": "64kB",
    "icu_validation_level": "error",
    "jit": "on",
    "lc_messages": "C.UTF-8",
    "lc_numeric": "C.UTF-8",
    "lc_time": "C.UTF-8",
    "lo_compat_privileges": "on",
    "plan_cache_mode": "force_generic_plan",
    "restrict_nonsystem_relation_kind": "foreign-table",
    "row_security": "off",
    "search_path": "nowhere, public",
    "session_replication_role": "replica",
    "synchronize_seqscans": "off",
    "temp_tablespaces": "pg_default",
    "timezone_abbreviations": "Australia",
    "track_counts": "on",
    "transform_null_equals": "on",
    "xmlbinary": "hex",
    "xmloption": "document",
}

# These say how a transaction is, not how sessions begin; the server takes them from
# default_transaction_…, or from the client that connects.
_NOT_OF_SESSIONS = {
    "client_encoding",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
}
# Refused, with the remedy: see test_history.py and test_remedies.py.
_REFUSED = {"standard_conforming_strings", "default_transaction_read_only"}
# Knobs that no query can tell from their defaults: of connections that are idle, of maintenance,
# and for those who develop the server.
_LISTS = ("search_path", "temp_tablespaces")
_OUT_OF_SIGHT = ("tcp_", "vacuum_", "debug_", "trace_", "jit_", "backtrace_", "wal_consistency")
_FOR_REPAIRS = {
    "allow_in_place_tablespaces",
    "allow_system_table_mods",
    "force_parallel_mode",
    "ignore_checksum_failure",
    "zero_damaged_pages",
}


def test_every_setting_of_sessions_is_pinned_or_shown_to_be_harmless(database: Database) -> None:
    kinds = ", ".join(f"'{kind}'" for kind in _KINDS)
    there = {
        name
        for (name,) in database.rows(
            f"SELECT name FROM pg_settings WHERE context IN ('user', 'superuser') "
            f"AND category IN ({kinds})"
        )
    }
    known = {*PINNED, *HARMLESS, *_REFUSED, *_NOT_OF_SESSIONS, *_FOR_REPAIRS}
    assert {name for name in there - known if not name.startswith(_OUT_OF_SIGHT)} == set()


def test_what_is_pinned_here_is_what_is_pinned(database: Database) -> None:
    version = database.connection.info.server_version
    for name in PINNED:
        assert (f"set_config('{name}'" in pins(version)) == is_there(database, name)


def is_there(database: Database, name: str) -> bool:
    return bool(database.value(f"SELECT current_setting('{name}', true) IS NOT NULL"))


@pytest.fixture
def role(database: Database) -> Iterator[str]:
    """A role that owns the database and may make others, and one that it is a member of."""
    owned = database.connection.info.dbname
    name = f"role_of_{owned}"
    database.execute(
        f"CREATE ROLE {name} LOGIN CREATEDB; CREATE ROLE {name}_other CREATEDB;"
        f"GRANT {name}_other TO {name}; ALTER DATABASE {owned} OWNER TO {name}"
    )
    yield name
    database.execute(
        f"ALTER DATABASE {owned} OWNER TO postgres; DROP OWNED BY {name}, {name}_other CASCADE;"
        f"DROP ROLE {name}, {name}_other"
    )


def begin_with(database: Database, place: str, role: str, name: str, value: str) -> None:
    """Has sessions begin with that setting."""
    subject = {
        "role": f"ROLE {role}",
        "database": f"DATABASE {database.connection.info.dbname}",
    }[place]
    shown = value if name in _LISTS else sql.Literal(value).as_string(database.connection)
    database.execute(f'ALTER {subject} SET "{name}" = {shown}')


def config_as(project: Project, database: Database, role: str, **settings: object) -> Config:
    url = database.url.replace("//postgres@", f"//{role}@")
    return project.config(database=url, environment="development", **settings)


def write_files(project: Project) -> None:
    project.migration(
        "001_table",
        "create table public.t (id int primary key,"
        " since timestamptz default '2026-02-01 00:00+00',"
        " price money default 1.5, share float8 default 0.1, note text default E'a\\\\b');\n"
        "insert into public.t (id) values (1), (2);",
        "drop table public.t",
    )
    project.migration(
        "002_index",
        "-- transactional: false\ncreate index concurrently i on public.t (share);\n"
        "select pg_sleep(0.15);\nvacuum public.t;",
        "-- transactional: false\ndrop index concurrently public.i",
    )
    project.migration(
        "003_view",
        "create view public.v as select id, since, interval '1 day 02:03' as span from public.t;\n"
        "select pg_sleep(0.15);",
        "drop view public.v",
    )
    project.write(
        "sql/seeds/reference/001_rows.sql",
        "-- a seed\ninsert into public.t (id) values (3) on conflict do nothing;\n",
    )


def work_through(migrator: Migrator) -> None:
    """The main job, and what proves it."""
    done = migrator.apply()
    assert len(done.results) == 3
    assert len(migrator.seed().results) == 1
    assert {status.state for status in migrator.status()} == {MigrationState.APPLIED}
    assert migrator.drift().differences == ()
    verified = migrator.verify()
    assert verified.is_sound, verified
    migrator.rollback(Newest(2))
    assert len(migrator.apply().results) == 2
    assert migrator.drift().differences == ()


@pytest.mark.parametrize("place", ["role", "database"])
@pytest.mark.parametrize(
    "settings",
    [
        *(
            pytest.param({name: value}, id=name, marks=pytest.mark.long_form)
            for name, value in PINNED_EACH.items()
        ),
        pytest.param(PINNED_TOGETHER, id="pinned"),
        pytest.param(HARMLESS, id="harmless"),
    ],
)
def test_what_sessions_begin_with_changes_nothing(
    project: Project, database: Database, role: str, settings: dict[str, str], place: str
) -> None:
    for name, value in settings.items():
        if is_there(database, name):
            begin_with(database, place, role, name, value)
    write_files(project)
    work_through(Migrator(config_as(project, database, role)))


def test_the_guard_takes_no_setting_of_a_session_for_harm(
    project: Project, database: Database, role: str
) -> None:
    for name, value in PINNED_TOGETHER.items():
        begin_with(database, "role", role, name, value)
    table = "create table public.t (id int, since timestamptz default '2026-02-01 00:00+00')"
    project.migration("001_table", f"{table};\ninsert into public.t values (1)")
    project.migration("002_more", "insert into public.t values (2)")
    seed = "insert into public.t select 3 where not exists (select from public.t where id = 3)"
    project.write("sql/seeds/reference/001_rows.sql", seed)
    project.write("sql/checks/001_rows.sql", "-- expect: rows\nselect * from public.t")
    url = database.url.replace("//postgres@", f"//{role}@")
    config = project.config(database=url, environment="production", protected_tables=["t"])
    migrator = Migrator(config)
    assert [result.has_failed for result in migrator.apply().checks] == [False]
    assert [len(seeded.written) for seeded in migrator.seed().results] == [1]
    assert [len(seeded.written) for seeded in migrator.seed().results] == [0]


def test_a_role_that_begins_as_another_one_works_as_that(
    project: Project, database: Database, role: str
) -> None:
    begin_with(database, "role", role, "role", f"{role}_other")
    database.execute(f"ALTER DATABASE {database.connection.info.dbname} OWNER TO {role}_other")
    write_files(project)
    work_through(Migrator(config_as(project, database, role)))
    owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'"
    assert database.value(owner) == f"{role}_other"


def test_scripts_meet_what_the_role_has(project: Project, database: Database, role: str) -> None:
    seen = {**PINNED_TOGETHER, "statement_timeout": "1min"}
    for name, value in seen.items():
        begin_with(database, "role", role, name, value)
    names = ", ".join(f"'{name}'" for name in seen)
    values = f"select name, current_setting(name) as value from unnest(array[{names}]) name"
    project.migration("001_inside", f"create table inside as {values}", "drop table inside")
    outside = f"-- transactional: false\ncreate table outside as {values}"
    project.migration("002_outside", outside, "drop table outside")
    project.migration("003_again", f"create table again as {values}", "drop table again")
    project.write("sql/checks/001_form.sql", f"-- expect: no rows\n{values} except table inside;")
    migrator = Migrator(config_as(project, database, role))
    migrator.apply()
    url = migrator.config.database
    assert url is not None
    with psycopg.connect(url) as as_psql:
        expected = as_psql.execute(values.encode()).fetchall()
    for table in ("inside", "outside", "again"):
        assert database.rows(f"table {table}") == expected
    assert [check.has_failed for check in migrator.check()] == [False]
