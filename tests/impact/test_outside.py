"""What runs outside a transaction asks for the locks that the fixed table says: a second session
keeps the statement waiting, and looks what it waits for."""

from __future__ import annotations

import threading
import time

import pytest

from sqlmig.engine.server.connection import opened
from sqlmig.impact.catalog import Catalog
from sqlmig.impact.locks import Lock
from sqlmig.impact.outside import state, touches
from sqlmig.impact.transaction import Touch
from tests.database import Database

SCHEMA = """
create table t (id int primary key, x int);
create index t_x on t (x); create index t_gone on t (x);
insert into t select i, i from generate_series(1, 100) i;
create table p (id int, x int) partition by range (id);
create table p_1 partition of p for values from (0) to (100);
create table p_2 partition of p for values from (100) to (200);
create index p_x on p (x);
cluster t using t_pkey;
"""
_WEAKER = "lock table t, p in share update exclusive mode"  # conflicts with itself
_READING = "select * from t where x = 1; select * from p where x = 1"

# A statement, what the second session does first, and the table's lock with the work.
STATEMENTS = [
    ("create index concurrently t_new on t (x)", _WEAKER, "t", "scanned indexed"),
    ("drop index concurrently t_gone", _WEAKER, "", ""),
    ("reindex table concurrently t", _WEAKER, "t", "scanned indexed"),
    ("reindex index concurrently t_x", _WEAKER, "t", "scanned indexed"),
    ("vacuum t", _WEAKER, "t", "scanned"),
    ("vacuum (full) t", _READING, "t", "scanned rewritten indexed"),
    ("cluster", _READING, "t", "scanned rewritten indexed"),
    ("reindex table p", _READING, "p_1 p_2", "scanned indexed"),
    ("reindex schema public", _READING, "t p_1 p_2", "scanned indexed"),
    ("alter table p detach partition p_1 concurrently", _WEAKER, "p_1", ""),
]


@pytest.fixture
def filled(database: Database) -> Database:
    database.execute(SCHEMA)
    database.execute("set enable_seqscan = off")
    return database


def test_the_locks_are_those_that_are_asked_for(filled: Database) -> None:
    with opened(filled.url) as beside:
        catalog = Catalog(beside, beside, "public")
        for statement, first, tables, work in STATEMENTS:
            before = state(beside)
            asked = modes_of(filled, statement, first)
            found = touches(catalog, before, state(beside), before.keys())
            assert {touch.relation.name for touch in found} == set(tables.split()), statement
            assert {told(touch) for touch in found} <= {work}, statement
            if "detach" not in statement:  # it asks for the partition's lock once it is detached
                assert {touch.lock for touch in found} <= asked, statement


def told(touch: Touch) -> str:
    names = ("scanned", "rewritten", "indexed")
    return " ".join(name for name in names if getattr(touch.work, name))


def modes_of(filled: Database, statement: str, first: str) -> set[Lock]:
    """The locks that the statement waits for, while the second session holds its own."""
    with filled.another_connection() as worker:
        filled.execute(f"begin; {first}")
        thread = threading.Thread(target=lambda: worker.execute(statement.encode()))
        thread.start()
        asked: list[tuple[str]] = []
        query = (
            "select mode from pg_locks where not granted and locktype = 'relation' "
            f"and pid = {worker.info.backend_pid}"
        )
        while not asked and thread.is_alive():
            time.sleep(0.01)
            asked = filled.rows(query)
        filled.execute("commit")
        thread.join()
    return {Lock.named(mode) for (mode,) in asked}
