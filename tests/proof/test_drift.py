"""What `drift` reports: whatever no migration has made."""

from __future__ import annotations

import pytest

from sqlmig.errors import ExecutionError, PartialMigrationError, PlanError
from sqlmig.migrator import Migrator
from sqlmig.plan import Alone, OutOfOrder
from tests.database import Database
from tests.project import Project
from tests.proof.kinds import OTHER_ROLE
from tests.proof.scratch import left_behind


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    project.migration("001_a", "create table a (x int)", "drop table a")
    project.migration("002_b", "create table b (y int)", "drop table b")
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    return migrator


def told(migrator: Migrator) -> list[str]:
    return [f"{each.presence.value} {each.object}" for each in migrator.drift().differences]


def test_what_migrations_made_is_no_drift(migrator: Migrator) -> None:
    found = migrator.drift()
    assert found.differences == ()
    assert found.migrations == ("001_a", "002_b")


def test_what_was_made_changed_or_dropped_by_hand_is_drift(
    migrator: Migrator, database: Database
) -> None:
    database.execute("create table hand (x int primary key)")
    database.execute("alter table a alter x set not null")
    database.execute("drop table b")
    assert "extra table public.hand" in told(migrator)
    assert "different table column public.a.x" in told(migrator)
    assert "missing table public.b" in told(migrator)


def test_a_change_by_hand_is_drift_also_after_the_next_apply(
    migrator: Migrator, project: Project, database: Database
) -> None:
    database.execute("alter table a add by_hand int")
    project.migration("003_c", "create view v as select * from b", "drop view v")
    migrator.apply()
    assert told(migrator) == ["extra table column public.a.by_hand"]


def test_it_writes_nothing_to_the_database_and_leaves_no_scratch_behind(
    migrator: Migrator, database: Database
) -> None:
    before = database.relations(), database.rows("SELECT * FROM _yoyo_log")
    migrator.drift()
    assert (database.relations(), database.rows("SELECT * FROM _yoyo_log")) == before
    assert left_behind(database) == []


def test_a_database_that_sqlmig_has_never_seen_is_all_drift(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    database.execute("create table hand ()")
    before = database.relations()
    assert told(Migrator(project.config(database=database.url))) == ["extra table public.hand"]
    assert database.relations() == before


def test_the_recorded_text_is_run_not_the_file(migrator: Migrator, project: Project) -> None:
    project.migration("003_c", "create table c ()", "drop table c")
    migrator.apply()
    project.migration("001_a", "create table a (another int)", "drop table a")
    project.remove("sql/migrations/002_b.sql")
    project.remove("sql/rollbacks/002_b.sql")
    assert told(migrator) == []


def test_the_file_is_run_where_only_the_checksum_was_recorded(
    migrator: Migrator, project: Project
) -> None:
    text = "-- record: checksum\ncreate table c ()"
    project.migration("003_c", text, "drop table c")
    migrator.apply()
    assert told(migrator) == []
    project.migration("003_c", text + " ", "drop table c")
    with pytest.raises(PlanError, match="its file has changed"):
        migrator.drift()
    project.remove("sql/migrations/003_c.sql")
    project.remove("sql/rollbacks/003_c.sql")
    with pytest.raises(PlanError, match="its file is gone"):
        migrator.drift()


def test_a_half_done_migration_has_to_be_finished_first(
    migrator: Migrator, project: Project
) -> None:
    project.migration("003_c", "-- transactional: false\ncreate table c (); select 1/0")
    with pytest.raises(ExecutionError):
        migrator.apply()
    with pytest.raises(PartialMigrationError, match="003_c"):
        migrator.drift()


def test_a_migration_that_cannot_run_again_is_named_with_what_it_may_need(
    migrator: Migrator, project: Project, database: Database
) -> None:
    database.execute("create table by_hand (x int)")
    project.migration("003_c", "alter table by_hand add y int")
    migrator.apply()
    with pytest.raises(ExecutionError, match="003_c, which is applied, cannot run again") as failed:
        migrator.drift()
    assert "sqlmig apply" not in str(failed.value)


def test_a_migration_that_cannot_run_again_without_a_pending_one_before_it_names_that_one(
    migrator: Migrator, project: Project
) -> None:
    project.migration("003_c", "create table c ()", "drop table c")
    project.migration("004_d", "create table d (like c)", "drop table d")
    migrator.apply()
    migrator.rollback(Alone("3"))
    project.migration("005_e", "create table e ()", "drop table e")
    with pytest.raises(ExecutionError, match="004_d, which is applied, cannot run") as failed:
        migrator.drift()
    assert failed.value.remedy.startswith(
        "003_c comes before it and is not applied: sqlmig apply --allow-out-of-order. Or it needs "
    )
    migrator.apply(out_of_order=OutOfOrder.ALLOW)
    with pytest.raises(ExecutionError, match="004_d, which is applied, cannot run") as failed:
        migrator.drift()
    assert failed.value.remedy.startswith(
        "003_c comes before it and was applied after it: a new database has another order. Or "
    )


def test_another_role_finds_no_drift_in_who_owns_the_schema(
    project: Project, database: Database
) -> None:
    database.execute(
        f"DO $$BEGIN CREATE ROLE {OTHER_ROLE} LOGIN; "
        f"EXCEPTION WHEN OTHERS THEN ALTER ROLE {OTHER_ROLE} LOGIN; END$$"
    )
    database.execute(f"GRANT CREATE ON SCHEMA public TO {OTHER_ROLE}")
    project.migration("001_a", "create table a (); grant select on a to public", "drop table a")
    url = database.url.replace("//postgres@", f"//{OTHER_ROLE}@")
    Migrator(project.config(database=url)).apply()
    migrator = Migrator(project.config(database=database.url))
    assert told(migrator) == ["different schema public"]
    database.execute("ALTER TABLE a OWNER TO postgres")
    assert told(migrator) == ["different schema public", "different table public.a"]


@pytest.mark.parametrize(
    "table", ["yoyo_lockers", "_yoyo_extra", "_sqlmig_migrations", "other._yoyo_log"]
)
def test_a_table_with_a_name_like_one_of_sqlmigs_own_is_drift(
    migrator: Migrator, database: Database, table: str
) -> None:
    migrator.apply()
    database.execute(f"create schema other; create table {table} (id int)")
    assert any(table in line for line in told(migrator))


def test_a_table_that_yoyo_made_is_no_drift(migrator: Migrator, database: Database) -> None:
    migrator.apply()
    database.execute("create table yoyo_lock (locked int default 1, ctime timestamp, pid int)")
    assert not any("yoyo" in line for line in told(migrator))


def test_the_history_in_a_schema_of_its_own_is_no_drift(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a ()", "drop table a")
    migrator = Migrator(project.config(database=database.url, history_schema="bookkeeping"))
    migrator.apply()
    assert told(migrator) == []


def test_an_ordinary_role_that_may_make_databases_is_enough(
    project: Project, database: Database
) -> None:
    role = f"sqlmig_maker_{database.connection.info.dbname}"  # roles are of the whole cluster
    database.execute(f"DROP ROLE IF EXISTS {role}")
    database.execute(f"CREATE ROLE {role} LOGIN CREATEDB")
    try:
        database.execute(f"GRANT CREATE ON SCHEMA public TO {role}")
        project.migration("001_a", "create table a (x int)", "drop table a")
        url = database.url.replace("//postgres@", f"//{role}@")
        migrator = Migrator(project.config(database=url, history_schema="public"))
        assert migrator.verify().is_sound
        migrator.apply()
        database.execute("alter table a add y int")
        assert told(migrator) == ["different schema public", "extra table column public.a.y"]
    finally:
        database.execute(f"DROP OWNED BY {role}")
        database.execute(f"DROP ROLE {role}")
