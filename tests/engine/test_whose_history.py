"""Services and tenants in one database: each sees its own history, or an error that says what to
set; never another's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlmig import Migrator, Outcome
from sqlmig.engine.history.finding import find_history
from sqlmig.errors import AnotherHistoryError, ChecksumMismatchError, ConfigError
from sqlmig.model import MigrationState
from sqlmig.plan import Newest
from tests.database import Database
from tests.project import Project
from tests.thorough import examples


def on(database: Database, search_path: str) -> str:
    return f"{database.url}&options=-csearch_path%3D{search_path.replace(' ', '')}"


def told(error: pytest.ExceptionInfo[Exception]) -> str:
    """The message, which names the way on and advises nothing that destroys."""
    message = str(error.value)
    assert "history_schema" in message
    assert "rollback" not in message
    assert "unmark" not in message
    return message


@pytest.fixture
def tenant(project: Project) -> Project:
    project.migration("001_a", "create table a ()", "drop table a")
    return project


def test_a_history_outside_search_path_is_never_taken(tenant: Project, database: Database) -> None:
    database.execute("create schema tenant1; create schema tenant2")
    Migrator(tenant.config(database=on(database, "tenant1"))).apply()
    second = Migrator(tenant.config(database=on(database, "tenant2")))
    for call in (second.status, second.apply, second.expect_current, second.drift):
        with pytest.raises(ConfigError, match="tenant1") as refused:
            call()
        assert refused.value.exit_code == 2
        assert 'history_schema = "tenant2"' in told(refused)
        assert 'history_schema = "tenant1"' in told(refused)
    own = tenant.config(database=on(database, "tenant2"), history_schema="tenant2")
    assert Migrator(own).apply().ids(Outcome.DONE) == ("001_a",)
    assert second.apply().results == ()  # the current schema has its history now
    assert database.tables("tenant2") == {"a"}


def test_a_history_behind_the_current_schema_is_not_taken_for_its_own(
    tenant: Project, database: Database
) -> None:
    database.execute("create schema tenant2")
    Migrator(tenant.config(database=database.url)).apply()
    second = Migrator(tenant.config(database=on(database, "tenant2, public")))
    with pytest.raises(ConfigError, match="public has a history, but the current schema is") as no:
        second.apply()
    assert 'history_schema = "public"' in told(no)


def test_the_history_stays_where_it_is_when_a_migration_makes_the_current_schema(
    project: Project, database: Database
) -> None:
    project.migration("001_app", "create schema app", "drop schema app")
    project.migration("002_a", "create table app.a ()", "drop table app.a")
    migrator = Migrator(project.config(database=on(database, "app, public")))
    migrator.apply("1")
    assert migrator.apply().ids(Outcome.DONE) == ("002_a",)
    assert [status.state for status in migrator.status()] == [MigrationState.APPLIED] * 2
    assert database.applied() == ["001_app", "002_a"]


@pytest.mark.parametrize("theirs", [["001_a"], ["001_a", "002_b", "003_c"], ["20240101_01_x"]])
def test_the_history_of_another_project_is_recognised(
    project: Project, database: Database, theirs: list[str]
) -> None:
    for name in theirs:
        project.migration(name, f'create table "{name}" ()', f'drop table "{name}"')
    Migrator(project.config(database=database.url)).apply()
    for name in theirs:
        project.remove(f"sql/migrations/{name}.sql")
        project.remove(f"sql/rollbacks/{name}.sql")
    project.migration("001_ours", "create table ours ()", "drop table ours")
    ours = Migrator(project.config(database=database.url))
    before = database.relations()
    calls = (
        ours.status, ours.expect_current, ours.plan_apply, ours.apply, ours.repair, ours.drift,
        ours.verify_pending, ours.seed, lambda: ours.rollback(Newest(1)),
        lambda: ours.plan_rollback(Newest(1)), lambda: ours.baseline("1"),
        lambda: ours.mark("1", "a test"), lambda: ours.unmark("1", "a test"),
    )  # fmt: skip
    for call in calls:
        with pytest.raises(AnotherHistoryError) as refused:
            call()
        assert theirs[0] in told(refused)
        assert refused.value.exit_code == 2
    assert database.relations() == before
    own = Migrator(project.config(database=database.url, history_schema="ours_history"))
    assert own.apply().ids(Outcome.DONE) == ("001_ours",)


def test_a_number_names_nothing_in_the_history_of_another_project(
    tenant: Project, database: Database
) -> None:
    Migrator(tenant.config(database=database.url)).apply()
    tenant.remove("sql/migrations/001_a.sql")
    tenant.remove("sql/rollbacks/001_a.sql")
    tenant.migration("002_b", "create table b ()", "drop table b")
    ours = Migrator(tenant.config(database=database.url))
    with pytest.raises(AnotherHistoryError):
        ours.rollback("1")
    assert database.tables() == {"a"}
    assert ours.rollback("001_a").ids(Outcome.DONE) == ("001_a",)  # named in full, by the record


def test_another_text_under_the_same_name_may_be_another_project_s(
    tenant: Project, database: Database
) -> None:
    Migrator(tenant.config(database=database.url)).apply()
    tenant.migration("001_a", "create table other ()", "drop table other")
    with pytest.raises(ChecksumMismatchError, match="another project, set `history_schema`"):
        Migrator(tenant.config(database=database.url)).apply()


def test_one_migration_that_is_known_makes_a_history_ours(
    tenant: Project, database: Database
) -> None:
    tenant.migration("002_b", "create table b ()", "drop table b")
    Migrator(tenant.config(database=database.url)).apply()
    tenant.remove("sql/migrations/001_a.sql")
    tenant.remove("sql/rollbacks/001_a.sql")
    states = [s.state for s in Migrator(tenant.config(database=database.url)).status()]
    assert states == [MigrationState.MISSING, MigrationState.APPLIED]


@pytest.mark.parametrize("path", ['"$user", public', 'Hist, "hist",public', '"$user",hist,public'])
def test_a_schema_for_the_history_that_would_become_the_current_one_is_refused(
    tenant: Project, database: Database, path: str
) -> None:
    schema = "postgres" if path.startswith('"$user", public') else "hist"
    migrator = Migrator(
        tenant.config(database=on(database, path.replace('"', "%22")), history_schema=schema)
    )
    for call in (migrator.status, migrator.plan_apply, migrator.apply):
        with pytest.raises(ConfigError, match="create this schema, and search_path") as refused:
            call()
        assert "history_schema" in str(refused.value)
    assert database.relations() == []
    database.execute(f"create schema {schema}")
    migrator.apply()  # it is there, and so it is the current one whatever sqlmig does
    assert database.tables(schema) == {"a"}


def test_a_schema_for_the_history_behind_the_current_one_is_made(
    tenant: Project, database: Database
) -> None:
    path = on(database, "public, hist")
    Migrator(tenant.config(database=path, history_schema="hist")).apply()
    assert database.tables() == {"a"}


def test_how_many_others_there_are_does_not_matter(tenant: Project, database: Database) -> None:
    for number in range(9):
        database.execute(f"create schema t{number}; create table t{number}._yoyo_migration ()")
    with pytest.raises(ConfigError, match=", and others") as refused:
        Migrator(tenant.config(database=database.url)).status()
    assert len(re.findall(r"\bt\d", refused.value.message)) == 5
    assert find_history(database.connection, "public").exists is False


@dataclass
class Party:
    """A service or a tenant: its files, where its tables go, whether its history has a setting, and
    how many of its migrations it has applied."""

    project: Project
    schema: str
    search_path: str
    setting: str | None
    applied: int = 0
    count: int = field(default=3)

    def migrator(self, database: Database) -> Migrator:
        url = on(database, self.search_path)
        return Migrator(self.project.config(database=url, history_schema=self.setting))

    def tables(self, database: Database) -> int:
        return len([t for t in database.tables(self.schema) if t.startswith(self.prefix)])

    @property
    def prefix(self) -> str:
        return self.project.root.name


def parties(database: Database, root: Project, choices: list[tuple[bool, bool]]) -> list[Party]:
    """Two services that share `public`, and tenants with a schema each."""
    found = []
    names = ["svc1", "svc2", *(f"tenant{number}" for number in range(1, len(choices) - 1))]
    for name, (has_setting, falls_back) in zip(names, choices, strict=True):
        kind = name if name.startswith("svc") else "tenants"
        project = Project(root.root / kind)
        for number in (1, 2, 3):
            table = f"{kind}_{number}"
            project.migration(
                f"00{number}_{kind}", f"create table {table} ()", f"drop table {table}"
            )
        schema = "public" if name.startswith("svc") else name
        database.execute(f"create schema if not exists {schema}")
        path = f"{schema}, public" if falls_back and schema != "public" else schema
        setting = (f"{name}_history" if schema == "public" else name) if has_setting else None
        found.append(Party(project, schema, path, setting))
    return found


@settings(
    max_examples=examples(12),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_each_sees_its_own_history_or_what_to_set(
    data: st.DataObject, project: Project, database: Database
) -> None:
    choice = st.tuples(st.booleans(), st.booleans())
    count = data.draw(st.sampled_from([4, 12]))
    choices = data.draw(st.lists(choice, min_size=count, max_size=count))
    database.execute(CLEAN)
    everyone = parties(database, project, choices)
    steps = st.tuples(st.sampled_from(range(len(everyone))), st.integers(1, 3))
    for index, target in data.draw(st.lists(steps, max_size=count)):
        party = everyone[index]
        migrator = party.migrator(database)
        if not is_refused(partial(migrator.apply, str(target))):
            party.applied = max(party.applied, target)
        assert party.tables(database) == party.applied
    for party in everyone:
        migrator = party.migrator(database)
        assert party.tables(database) == party.applied
        if not is_refused(migrator.status):
            states = [status.state for status in migrator.status()]
            pending = [MigrationState.PENDING] * (party.count - party.applied)
            assert states == [MigrationState.APPLIED] * party.applied + pending


def is_refused(call: Callable[[], object]) -> bool:
    """Whether it is refused, in words that say what to set."""
    try:
        call()
    except (ConfigError, AnotherHistoryError) as refused:
        message = str(refused)
    else:
        return False
    return "history_schema" in message and "rollback" not in message


CLEAN = """
DO $$ DECLARE s text; BEGIN
  FOR s IN SELECT nspname FROM pg_namespace WHERE oid >= 16384 OR nspname = 'public'
  LOOP EXECUTE format('DROP SCHEMA %I CASCADE', s); END LOOP;
  CREATE SCHEMA public;
END $$
"""
