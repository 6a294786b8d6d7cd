"""Roles with no more rights than the guides ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqlmig import Migrator
from sqlmig.errors import ExecutionError, SchemaNotCurrentError, ServerError
from sqlmig.model import MigrationState
from sqlmig.plan import Newest
from tests.command import Run
from tests.database import Database
from tests.project import Project

GUIDE = Path(__file__).parents[2] / "docs/service.md"


@pytest.fixture
def role(database: Database) -> Iterator[str]:
    """A role that can log in."""
    name = f"few_rights_{database.connection.info.dbname}"
    database.execute(f"CREATE ROLE {name} LOGIN")
    yield name
    database.execute(
        f"ALTER DATABASE {database.connection.info.dbname} OWNER TO postgres;"
        f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}"
    )


def url_as(role: str, database: Database) -> str:
    return database.url.replace("//postgres@", f"//{role}@")


@pytest.fixture(autouse=True)
def _files(project: Project) -> None:
    project.migration("001_table", "create table t (id int primary key)", "drop table t")
    project.migration(
        "002_index",
        "-- transactional: false\ncreate index concurrently i on t (id)",
        "-- transactional: false\ndrop index concurrently i",
    )
    project.migration("003_view", "create view v as select * from t", "drop view v")
    seed = "insert into t values (1) on conflict do nothing"
    project.write("sql/seeds/reference/001_t.sql", seed)
    project.write("sql/checks/001_t.sql", "-- expect: no rows\nselect * from t where id < 0")


def test_the_owner_of_the_database_who_may_create_others_does_all_work(
    project: Project, database: Database, role: str
) -> None:
    database.execute(
        f"ALTER ROLE {role} CREATEDB; "
        f"ALTER DATABASE {database.connection.info.dbname} OWNER TO {role}"
    )
    migrator = Migrator(
        project.config(
            database=url_as(role, database), environment="production", protected_tables=["t"]
        )
    )
    assert len(migrator.apply("002").results) == 2
    assert migrator.verify_pending().is_sound
    assert len(migrator.apply().results) == 1
    assert len(migrator.seed().results) == 1
    assert migrator.prove_seeds() == []
    assert [result.has_failed for result in migrator.check()] == [False]
    assert migrator.drift().differences == ()
    assert migrator.verify().is_sound
    assert len(migrator.rollback(Newest(1)).results) == 1
    assert migrator.mark("003", "a test") == ("003_view",)
    assert migrator.unmark("003", "a test") == ("003_view",)


def granted() -> str:
    """The statements that the guide gives for a role that only looks."""
    (found,) = re.findall(r"```sql\n(GRANT USAGE.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    return str(found)


@pytest.mark.parametrize("state", ["current", "behind"])
def test_a_role_with_the_grants_of_the_guide_sees_all_and_changes_nothing(
    project: Project, database: Database, role: str, state: str
) -> None:
    owner = Migrator(project.config(database=database.url, environment="development"))
    owner.apply("003" if state == "current" else "002")
    database.execute(granted().replace("app_reader", role))
    before = database.rows("SELECT * FROM _yoyo_log")
    migrator = Migrator(project.config(database=url_as(role, database), environment="development"))
    pending = [status for status in migrator.status() if status.state is MigrationState.PENDING]
    assert len(pending) == len(migrator.plan_apply().migrations) == (state == "behind")
    assert len(migrator.plan_rollback("001").migrations) == 3 - len(pending)
    assert len(migrator.seed_statuses()) == 1
    if state == "current":
        migrator.expect_current()
    else:
        with pytest.raises(SchemaNotCurrentError):
            migrator.expect_current()
    run = Run(project.root, url_as(role, database))
    for command in ("diff 001", "show 001 --recorded", "environment"):
        assert run(*command.split()).returncode == 0
    with pytest.raises(ExecutionError, match="permission denied"):
        migrator.rollback(Newest(1))
    assert database.rows("SELECT * FROM _yoyo_log") == before


def test_without_grants_the_history_is_not_taken_for_an_empty_one(
    project: Project, database: Database, role: str
) -> None:
    Migrator(project.config(database=database.url)).apply()
    with pytest.raises(ServerError, match="permission denied for table _yoyo_migration") as caught:
        Migrator(project.config(database=url_as(role, database))).status()
    assert "GRANT SELECT ON" in caught.value.remedy
