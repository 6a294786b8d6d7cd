"""What is told of a statement that takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlmig import Migrator
from tests.database import Database
from tests.observer import RecordingObserver
from tests.project import Project


def test_how_far_an_index_is_built_is_told(project: Project, database: Database) -> None:
    project.migration("001_a", "create table a (id int);")
    project.migration(
        "002_i", "-- transactional: false\ncreate index concurrently i on a (id);", "drop index i;"
    )
    observer = RecordingObserver()
    migrator = Migrator(project.config(database=database.url), observer)
    migrator.apply("001")
    with database.another_connection() as writer:
        writer.execute("begin; insert into a values (1);")  # the build waits for its end
        work = threading.Thread(target=migrator.apply)
        work.start()
        wait_for(lambda: bool(observer.builds))
        writer.execute("commit")
        work.join()
    assert observer.builds[0].table == "a"
    assert str(observer.builds[0]) == "an index on a: waiting for writers before build, 0%"
    assert migrator.status()[-1].applied is not None


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
