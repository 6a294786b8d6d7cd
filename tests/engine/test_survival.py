"""What a run does when something gets in its way: interruptions, lost answers, dead runners."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest

from sqlmig import Migrator, Outcome
from sqlmig.engine.history.lock import RunnerLock
from sqlmig.engine.run import script
from sqlmig.engine.server.connection import Connection
from sqlmig.engine.server.wire import Hearing, send
from sqlmig.errors import (
    DatabaseUnavailableError,
    MigrationFailedError,
    PlanError,
    RunInterrupted,
    SourceError,
)
from sqlmig.model import MigrationState
from sqlmig.plan import Answer, Decision
from tests.database import Database
from tests.observer import RecordingObserver
from tests.project import Project

HEAD = "-- transactional: false\n"


@pytest.fixture
def migrator(project: Project, database: Database) -> Migrator:
    return Migrator(project.config(database=database.url))


def died_in(database: Database, migration_id: str, statement: int) -> None:
    """Makes the record what a runner leaves that is killed in the middle of that statement."""
    database.execute(
        f"UPDATE _sqlmig_migration SET statements_done = {statement - 1}, "
        f"statements_begun = {statement} WHERE migration_id = '{migration_id}'"
    )


def test_ctrl_c_cancels_the_statement_undoes_the_migration_and_says_what_is_applied(
    project: Project, database: Database, migrator: Migrator
) -> None:
    project.migration("001_a", "create table a ()")
    project.migration("002_b", "create table b (); select pg_sleep(60)")
    project.migration("003_c", "create table c ()")
    threading.Thread(target=interrupt_once_asleep, args=(database,)).start()
    with pytest.raises(RunInterrupted) as caught:
        migrator.apply()
    assert caught.value.report.ids(Outcome.DONE) == ("001_a",)
    assert caught.value.report.ids(Outcome.UNDONE) == ("002_b",)
    assert str(caught.value) == (
        "Interrupted: 1 applied, 1 undone, 1 not attempted; 002_b was undone."
    )
    assert database.tables() == {"a"}
    assert RunnerLock(database.connection, "public").holder() is None


def test_ctrl_c_between_two_tries_says_what_is_applied(
    project: Project, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute("create table busy ()")
    project.migration("001_a", "create table a ()")
    project.migration("002_b", "drop table busy")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sqlmig.engine.run.limits.Retries.pause", interrupt)
    with database.another_connection() as other, other.transaction():
        other.execute("lock table busy")
        with pytest.raises(RunInterrupted, match="1 applied, 1 undone"):
            Migrator(project.config(database=database.url, lock_timeout="50ms")).apply()


def interrupt_once_asleep(database: Database) -> None:
    """Sends SIGINT to this process when a session of this database sleeps."""
    wait_until_asleep(database)
    os.kill(os.getpid(), signal.SIGINT)


def wait_until_asleep(database: Database) -> None:
    asleep = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = %s"
    with database.another_connection() as watcher:
        while not watcher.execute(asleep, (database.connection.info.dbname,)).fetchall():
            time.sleep(0.02)


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_commit_whose_answer_was_lost_is_told_as_the_history_has_it(
    project: Project,
    database: Database,
    migrator: Migrator,
    monkeypatch: pytest.MonkeyPatch,
    is_sent: bool,
) -> None:
    project.migration("001_a", "create table a ()")
    project.migration("002_b", "create table b ()")

    def losing(
        connection: Connection,
        message: bytes,
        copy_rows: str = "",
        hear: Hearing | None = None,
    ) -> None:
        if is_sent:
            send(connection, message, copy_rows, hear)
        connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(script, "send", losing)
    with pytest.raises(MigrationFailedError) as caught:
        migrator.apply()
    told = "but 001_a is committed" if is_sent else "and 001_a was undone"
    assert f"the connection was lost, {told}" in str(caught.value)
    assert caught.value.report.ids(Outcome.DONE) == (("001_a",) if is_sent else ())
    assert database.tables() == ({"a"} if is_sent else set())


def test_who_holds_a_lock_is_told_while_a_migration_waits_for_it(
    project: Project, database: Database
) -> None:
    database.execute("create table payments ()")
    project.migration("001_alter", "-- lock_timeout: 30s\nalter table payments add amount int")
    observer = RecordingObserver()
    migrator = Migrator(project.config(database=database.url), observer)
    with database.another_connection() as other:
        with other.transaction():
            other.execute("SELECT count(*)  FROM payments")
            runner = threading.Thread(target=migrator.apply)
            runner.start()
            time.sleep(2.5)
        runner.join()
        pid = other.info.backend_pid
    assert [str(blocker) for blocker in observer.blockers] == [
        f"a lock on payments held by pid {pid}: SELECT count(*) FROM payments"
    ]


def test_a_deadlock_is_undone_and_tried_again(project: Project, database: Database) -> None:
    database.execute("create table one (); create table two ()")
    project.migration(
        "001_both",
        "-- lock_timeout: 20s\nlock one; select pg_sleep(0.6); lock two; create table made ()",
    )
    observer = RecordingObserver()
    migrator = Migrator(project.config(database=database.url), observer)
    with database.another_connection() as other:
        other.execute("SET deadlock_timeout = '20s'")
        with other.transaction():
            other.execute("lock two")
            runner = threading.Thread(target=migrator.apply)
            runner.start()
            wait_until_asleep(database)
            other.execute("lock one")
        runner.join()
    assert ["deadlock detected" in reason for reason in observer.retries] == [True]
    assert database.applied() == ["001_both"]


class TestStatementInDoubt:
    """A runner died in the middle of a statement outside a transaction."""

    def stop_at_2(self, project: Project, database: Database, second: str) -> Migrator:
        """A migration whose second statement may or may not be done."""
        database.execute("create table t (id int); create type mood as enum ('ok')")
        project.migration("001_two", HEAD + "insert into t values (1);\nselect 1/0;")
        migrator = Migrator(project.config(database=database.url))
        with pytest.raises(MigrationFailedError):
            migrator.apply()
        sql = f"{HEAD}insert into t values (1);\n{second};"
        project.migration("001_two", sql)
        quoted = sql.replace("'", "''")
        database.execute(f"UPDATE _sqlmig_migration SET apply_sql = '{quoted}'")
        died_in(database, "001_two", 2)
        return migrator

    @pytest.mark.parametrize(
        "statement",
        [
            "create index concurrently i on t (id)",
            'CREATE UNIQUE INDEX CONCURRENTLY "I i" ON public.t USING btree (id DESC) WHERE id > 1',
            "create index concurrently if not exists i on only t (lower(id::text)) include (id)",
            "alter type mood add value 'it''s fine' before 'ok'",
            "drop index concurrently dropped",
        ],
    )
    def test_what_the_catalogs_show_as_done_is_not_run_again(
        self, project: Project, database: Database, statement: str
    ) -> None:
        migrator = self.stop_at_2(project, database, statement)
        database.execute("create index dropped on t (id)")
        database.execute(statement)
        migrator.apply()
        assert database.applied() == ["001_two"]
        assert database.value("SELECT count(*) FROM t") == 1

    @pytest.mark.parametrize(
        "statement",
        [
            "create index concurrently i on t (id)",
            "alter type mood add value 'new'",
            "drop index concurrently dropped",
            "vacuum t",
            "reindex table concurrently t",
        ],
    )
    def test_what_they_show_as_not_done_is_run(
        self, project: Project, database: Database, statement: str
    ) -> None:
        migrator = self.stop_at_2(project, database, statement)
        database.execute("create index dropped on t (id)")
        migrator.apply()
        assert database.applied() == ["001_two"]

    def test_an_invalid_index_is_dropped_and_built_again(
        self, project: Project, database: Database
    ) -> None:
        migrator = self.stop_at_2(project, database, "create index concurrently i on t (id)")
        database.execute("create index i on t (id)")
        database.execute("update pg_index set indisvalid = false where indexrelid = 'i'::regclass")
        migrator.apply()
        assert database.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass")

    @pytest.mark.parametrize(
        ("statement", "found"),
        [
            ("create index concurrently i on t (id)", "create index i on t (id desc)"),
            ("create unique index concurrently i on t (id)", "create index i on t (id)"),
        ],
    )
    def test_an_index_of_that_name_but_another_definition_is_not_taken_for_it(
        self, project: Project, database: Database, statement: str, found: str
    ) -> None:
        migrator = self.stop_at_2(project, database, statement)
        database.execute(found)
        with pytest.raises(MigrationFailedError, match="statement 2 may have completed"):
            migrator.apply()

    def test_where_nobody_can_tell_apply_stops_and_takes_a_decision(
        self, project: Project, database: Database
    ) -> None:
        migrator = self.stop_at_2(project, database, "insert into t values (2)")
        with pytest.raises(MigrationFailedError, match="statement 2 may have completed") as caught:
            migrator.apply()
        assert "--redo-statement 2" in str(caught.value)
        assert "--skip-statement 2" in str(caught.value)
        assert caught.value.location is not None
        assert str(caught.value.location).endswith("001_two.sql:3:1")
        with pytest.raises(PlanError, match="the outcome of statement 1 is known"):
            migrator.apply(decision=Decision(Answer.REDO, 1))
        assert database.applied() == []

    @pytest.mark.parametrize(("answer", "rows"), [(Answer.REDO, 2), (Answer.SKIP, 1)])
    def test_a_decision_runs_the_statement_or_passes_it_over(
        self, project: Project, database: Database, answer: Answer, rows: int
    ) -> None:
        migrator = self.stop_at_2(project, database, "insert into t values (2)")
        migrator.apply(decision=Decision(answer, 2))
        assert database.value("SELECT count(*) FROM t") == rows
        assert migrator.status()[0].state is MigrationState.APPLIED


def test_a_unique_index_that_failed_is_dropped_before_the_next_try(
    project: Project, database: Database, migrator: Migrator
) -> None:
    database.execute("create table t (id int); insert into t values (1), (1)")
    project.migration("001_unique", HEAD + "create unique index concurrently i on t (id)")
    with pytest.raises(MigrationFailedError, match="could not create unique index"):
        migrator.apply()
    assert database.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == [
        (False,)
    ]
    database.execute("delete from t")
    migrator.apply()
    assert database.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass")


def test_a_dead_index_that_if_not_exists_passes_over_is_an_error(
    project: Project, database: Database, migrator: Migrator
) -> None:
    database.execute("create table t (id int); create index i on t (id)")
    database.execute("update pg_index set indisvalid = false where indexrelid = 'i'::regclass")
    project.migration("001_i", HEAD + "create index concurrently if not exists i on t (id)")
    with pytest.raises(MigrationFailedError, match="exists but is invalid"):
        migrator.apply()
    assert database.applied() == []


def test_settings_of_done_statements_hold_for_those_that_follow(
    project: Project, database: Database, migrator: Migrator
) -> None:
    database.execute("create schema app; create table app.t (id int)")
    body = "set search_path = app;\ninsert into t values (1);\n"
    project.migration("001_path", HEAD + body + "select 1/0;")
    with pytest.raises(MigrationFailedError):
        migrator.apply()
    project.migration("001_path", HEAD + body + "insert into t values (2);")
    migrator.apply()
    assert database.value("SELECT count(*) FROM app.t") == 2


@pytest.mark.parametrize(
    "statement",
    [
        "create index concurrently i on t (id)",
        "CREATE UNIQUE INDEX /* x */ CONCURRENTLY i ON t (id)",
        "drop index concurrently i",
        "reindex (verbose) index concurrently i",
        "reindex (concurrently) table t",
        "reindex schema public",
        "vacuum",
        "vacuum (full, analyze) t",
        "create database d",
        "alter system set work_mem = '1MB'",
        "alter table t detach partition p concurrently",
        "discard all",
        "cluster",
    ],
)
def test_what_cannot_run_in_a_transaction_is_refused_before_anything_runs(
    project: Project, database: Database, migrator: Migrator, statement: str
) -> None:
    project.migration("001_a", "create table a ()")
    project.migration("002_outside", f"select 1;\n{statement};")
    with pytest.raises(SourceError, match="cannot run inside a transaction") as caught:
        migrator.apply()
    assert str(caught.value.location).endswith("002_outside.sql:2:1")
    assert "-- transactional: false" in str(caught.value)
    assert database.tables() == set()


def test_a_server_that_is_not_there_yet_is_waited_for(project: Project) -> None:
    project.migration("001_a", "select 1")
    with refusing_server() as (url, attempts), pytest.raises(DatabaseUnavailableError):
        Migrator(project.config(database=url, wait_for_database=1)).status()
    assert len(attempts) > 1


@contextmanager
def refusing_server() -> Iterator[tuple[str, list[int]]]:
    """A URL at which every connection is closed at once, and a list that grows with each."""
    attempts: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def refuse() -> None:
            with suppress(OSError):
                while True:
                    listener.accept()[0].close()
                    attempts.append(port)

        thread = threading.Thread(target=refuse)
        thread.start()
        try:
            yield f"postgresql://someone@127.0.0.1:{port}/none", attempts
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
