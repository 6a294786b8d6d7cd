"""A disk that is full undoes the migration; once there is room, the next `apply` completes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.figures import Figure
from tests.faults.ledger import (
    Facts,
    assert_agreed,
    assert_consistent,
    write_entry,
    write_ledger,
)
from tests.faults.own_server import OwnServer, own_server
from tests.faults.processes import start
from tests.faults.small_disk import can_mount, small_disk, small_files
from tests.project import Project

pytestmark = pytest.mark.long_form

# 40 MB, and none of it compressible.
FILL = (
    "create table large {place} as select i, "
    "(select string_agg(md5((i * 100 + j)::text), '') from generate_series(1, 60) j) as t "
    "from generate_series(1, 20000) i; alter table large alter t set storage plain;"
)


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    with own_server() as server:
        yield server


def fill(place: str) -> str:
    """The SQL of a table that is too large for the place."""
    return FILL.format(place=place)


def test_a_migration_that_fills_the_disk_is_undone(
    project: Project, server: OwnServer, figure: Figure
) -> None:
    write_ledger(project)
    write_entry(project, 2, fill(""))
    server.stop_at_once()
    with small_files():
        server.start()
    ending = start(project, server.url).ending()
    figure("disks full")
    assert ending.code == 3, ending
    assert "53100" in ending.stderr
    with server.database() as database:
        assert_agreed(database, project)
        assert Facts.of(database).applied == {"001_ledger"}
    server.stop_at_once()
    server.start()
    with server.database() as database:
        assert_consistent(database, project)


if can_mount():

    def test_a_migration_that_fills_its_tablespace_is_undone(
        project: Project, server: OwnServer, figure: Figure
    ) -> None:
        write_ledger(project)
        write_entry(project, 2, fill("tablespace small"))
        with server.database() as database, small_disk() as folder:
            database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            database.execute(f"create tablespace small location '{folder}'")
            ending = start(project, server.url).ending()
            figure("disks full")
            assert ending.code == 3, ending
            assert "53100" in ending.stderr
            assert "No space left on device" in ending.stderr
            assert_agreed(database, project)
            assert Facts.of(database).applied == {"001_ledger"}
            write_entry(project, 2, fill(""))
            assert_consistent(database, project)
            database.execute("drop tablespace small")
