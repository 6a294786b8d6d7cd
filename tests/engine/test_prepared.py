"""The record of many migrations is prepared once, and no script notices."""

from __future__ import annotations

import pytest

from sqlmig import Migrator
from tests.database import Database
from tests.project import Project

MANY = range(2, 16)
KEEP_QUERIES = """
create function keep_query() returns trigger language plpgsql as
$$begin insert into queries values (current_query()); return null; end$$;
create trigger keep_query after insert on _yoyo_migration
for each row execute function keep_query();
"""


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    return Migrator(project.config(database=database.url))


def test_the_records_of_a_long_run_are_planned_once(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_queries", "create table queries (query text);" + KEEP_QUERIES)
    migrator.apply()
    write_many(project)
    migrator.apply()
    _, *queries = (query for (query,) in database.rows("SELECT query FROM queries"))
    assert len(queries) == len(MANY)
    assert all("EXECUTE sqlmig_" in query and "WITH log" not in query for query in queries)


def test_scripts_may_prepare_statements_of_the_same_name_in_a_long_run(
    project: Project, database: Database, migrator: Migrator
) -> None:
    write_many(project)
    for number in (5, 7):
        project.migration(f"{number:03d}_many", "prepare one as select 1; execute one;")
    migrator.apply()
    assert len(database.applied()) == len(MANY)


def test_a_function_that_drops_prepared_statements_keeps_no_migration_from_its_record(
    project: Project, database: Database, migrator: Migrator
) -> None:
    drop = "create function tidy() returns void language plpgsql as $$begin execute 'x'; end$$;"
    project.migration("001_tidy", drop.replace("'x'", "'deallocate all'"))
    migrator.apply()
    write_many(project)
    project.migration("005_many", "create table once (); select tidy();")
    migrator.apply()
    assert len(database.applied()) == 1 + len(MANY)
    assert "once" in database.tables()


def test_a_function_that_prepares_a_statement_is_called_by_two_scripts_of_a_long_run(
    project: Project, database: Database, migrator: Migrator
) -> None:
    keep = "create function keep() returns void language plpgsql as $$begin execute 'x'; end$$;"
    project.migration("001_keep", keep.replace("'x'", "'prepare one as select 1'"))
    migrator.apply()
    write_many(project)
    for number in (5, 7):
        project.migration(f"{number:03d}_many", "select keep();")
    migrator.apply()
    assert len(database.applied()) == 1 + len(MANY)


def test_a_function_that_replaces_prepared_statements_keeps_no_migration_from_its_record(
    project: Project, database: Database, migrator: Migrator
) -> None:
    replace = """
    create function forge() returns void language plpgsql as $f$
    declare s record;
    begin
      for s in select name, parameter_types::text[] as types from pg_prepared_statements loop
        execute 'deall' || 'ocate ' || s.name;
        execute format('prep' || 'are %s(%s) as select true', s.name,
                       array_to_string(s.types, ','));
      end loop;
    end $f$;
    """
    project.migration("001_forge", replace)
    migrator.apply()
    write_many(project)
    project.migration("005_many", "create table once (); select forge();")
    migrator.apply()
    assert len(database.applied()) == 1 + len(MANY)


def write_many(project: Project) -> None:
    for number in MANY:
        project.migration(f"{number:03d}_many", f"create table t{number} ();")
