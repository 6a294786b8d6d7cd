"""However a script spells it: it leaves nothing behind where sqlmig says that it was undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, reject, settings
from hypothesis import strategies as st

from sqlmig import Migrator
from sqlmig.errors import SqlmigError
from sqlmig.plan import Newest, RollbackText, Transactions
from tests.database import Database
from tests.engine.committing import scripts
from tests.project import Project
from tests.thorough import examples

SMUGGLED = (
    "create table inbox (i int); delete from kept;\n"
    "select set_config('standard_conforming_strings', 'off', false);\n"
    "copy inbox from stdin;\n1\n\\.\nselect 'x\\'' ; {ending}; --';\nselect 1/0;"
)
# Of a script that has ended its transaction, rows tell in `ended`.
WITNESSED = (
    "select set_config('witness.xid', pg_current_xact_id()::text, false);\n{script};\n"
    "insert into ended select 1 where current_setting('witness.xid', true)"
    " is distinct from pg_current_xact_id()::text"
)
Action = Callable[[Project, Migrator, str], object]


def migrate(project: Project, migrator: Migrator, script: str) -> object:
    project.migration("002_b", script)
    return migrator.apply()


def migrate_together(project: Project, migrator: Migrator, script: str) -> object:
    project.migration("002_b", "create table before ()")
    project.migration("003_c", script)
    return migrator.apply(transactions=Transactions.TOGETHER)


def roll_back(project: Project, migrator: Migrator, script: str) -> object:
    project.migration("001_a", "create table a ()", script)
    return migrator.rollback(Newest(1), text=RollbackText.FILE)


def seed(project: Project, migrator: Migrator, script: str) -> object:
    project.write("sql/seeds/reference/001_a.sql", script)
    return migrator.seed()


def check(project: Project, migrator: Migrator, script: str) -> object:
    project.write("sql/checks/001_a.sql", f"{script};\nselect 1 where false")
    return migrator.check()


ACTIONS: tuple[Action, ...] = (migrate, migrate_together, roll_back, seed, check)
SETTINGS = settings(
    max_examples=examples(4),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def begin_anew(project: Project, database: Database, environment: str) -> Migrator:
    """A database with one migration and two protected rows, and the project that made it."""
    database.execute("drop schema public cascade; create schema public")
    for path in sorted(Path(project.root).rglob("*.sql")):
        path.unlink()
    project.migration("001_a", "create table a ()")
    migrator = Migrator(
        project.config(
            database=database.url, environment=environment, protected_tables=["kept"], lock_tries=1
        )
    )
    migrator.apply()
    database.execute("create table kept as select generate_series(1, 2) as i")
    database.execute("create table ended (i int)")
    return migrator


def state(database: Database) -> list[tuple[Any, ...]]:
    """All that a script could leave behind."""
    return [
        *database.relations(),
        *database.rows("select i from kept order by i"),
        *database.rows("select migration_id from _yoyo_migration order by 1"),
        *database.rows("select gid from pg_prepared_xacts where database = current_database()"),
    ]


def outcome(action: Action, project: Project, migrator: Migrator, script: str) -> str:
    """What a person reads; "" where it was done."""
    try:
        action(project, migrator, script)
    except SqlmigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("environment", ["development", "production"])
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
@SETTINGS
@given(script=scripts())
@example(script=SMUGGLED.format(ending="commit and chain"))
@example(script=SMUGGLED.format(ending="commit"))
def test_a_script_that_is_refused_leaves_nothing(
    project: Project, database: Database, action: Action, environment: str, script: str
) -> None:
    migrator = begin_anew(project, database, environment)
    before = state(database)
    told = outcome(action, project, migrator, script)
    assert "ended the transaction" not in told
    if told or action is check:
        assert state(database) == before
    elif environment == "production":
        assert database.value("select count(*) from kept") == 2


@pytest.mark.parametrize("environment", ["development", "production"])
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
@SETTINGS
@given(script=scripts(), is_seen=st.booleans())
@example(script=SMUGGLED.format(ending="commit and chain"), is_seen=True)
@example(script="create table inbox (); commit and chain; select 1/0", is_seen=False)
@example(script="create table inbox (); commit and chain", is_seen=False)
@example(script="create table inbox (); commit; begin", is_seen=False)
def test_where_a_commit_gets_through_nothing_is_said_to_be_undone_that_is_not(
    project: Project,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    action: Action,
    environment: str,
    script: str,
    is_seen: bool,  # drawn
) -> None:
    migrator = begin_anew(project, database, environment)
    before = state(database)
    with monkeypatch.context() as blinded:
        for module in ("run.script", "guard.checks"):
            blinded.setattr(f"sqlmig.engine.{module}.reads_as_before", lambda _: True)
        if not is_seen:
            name = "sqlmig.source.script._refuse_transaction_control"
            blinded.setattr(name, lambda *_: None)
        try:
            told = outcome(action, project, migrator, WITNESSED.format(script=script))
        except UnicodeEncodeError:
            reject()  # the blinded check refuses another encoding before the record is written
    if "ended the transaction" in told:
        assert "nothing was changed" not in told
        assert "undone completely" not in told
        assert "what it committed was kept" in told
    elif told or action is check:
        assert state(database) == before
    else:
        assert database.value("select count(*) from ended") == 0
        assert environment != "production" or database.value("select count(*) from kept") == 2
