"""An older checkout, without the newest files, takes the schema back to what it knows."""

from __future__ import annotations

from tests.command import Run
from tests.database import Database
from tests.repository import Repository


def test_a_rollback_works_from_a_checkout_that_does_not_have_the_files(
    repository: Repository, database: Database
) -> None:
    sqlmig = Run(repository.root, database.url)

    repository.migration("001_a", "create table a (x int)", "drop table a")
    repository.commit("the first")
    sqlmig("apply")
    known = database.dump()
    repository.migration("002_b", "alter table a add y int", "alter table a drop y")
    repository.migration("003_c", "create view v as select y from a", "drop view v")
    repository.commit("the second")
    assert sqlmig("apply").returncode == 0
    assert database.dump() != known

    repository.git("checkout", "--quiet", "HEAD~1")
    assert not (repository.root / "sql/rollbacks/002_b.sql").exists()
    assert sqlmig("status").returncode == 0
    shown = sqlmig("show", "3", "--rollback")
    assert shown.stdout == "drop view v"
    done = sqlmig("rollback", "002")
    assert done.returncode == 0, done.stderr
    assert database.dump() == known
    assert sqlmig("status", "--check").returncode == 0
    assert sqlmig("drift").returncode == 0
    assert sqlmig("apply").stdout == "Nothing to apply: the database is up to date.\n"
