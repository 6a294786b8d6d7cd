"""Each migration, rolled back, leaves the schema as it was."""

from __future__ import annotations

import pytest

from sqlmig import Migrator
from sqlmig.errors import PlanError
from sqlmig.model import MigrationState
from sqlmig.plan import Alone, OutOfOrder, Since
from tests.database import Database

HIDDEN = ("--exclude-table=_yoyo*", "--exclude-table=_sqlmig*")


@pytest.mark.parametrize("at_once", [5, pytest.param(1, marks=pytest.mark.long_form)])
def test_every_rollback_restores_the_schema_before(
    migrator: Migrator, database: Database, at_once: int
) -> None:
    migrator.apply("001")
    migrator.rollback(Since("001"))
    ids = [file.migration_id for file in migrator.validate()]
    before = {}
    for first, last in zip(ids[::at_once], [*ids[at_once - 1 :: at_once], ids[-1]], strict=False):
        before[first] = database.dump(*HIDDEN)
        migrator.apply(last)
    for first in reversed(before):
        migrator.rollback(Since(first))
        assert database.dump(*HIDDEN) == before[first], first
    assert len(ids) == 29


def test_all_of_it_can_be_undone_and_done_again(migrator: Migrator, database: Database) -> None:
    migrator.apply()
    whole = database.dump()
    migrator.rollback(Since("001"))
    assert database.tables() == set()
    assert {status.state for status in migrator.status()} == {MigrationState.PENDING}
    migrator.apply()
    assert database.dump() == whole
    assert migrator.apply().results == ()


def test_each_migration_has_a_rollback_of_its_own(migrator: Migrator) -> None:
    for file in migrator.validate():
        assert file.rollback is not None, file.migration_id
        assert file.file.directives.irreversible is None


def test_a_migration_alone_is_undone_and_done_again_or_what_depends_on_it_is_named(
    migrator: Migrator, built: Database
) -> None:
    database = built
    whole = database.dump(*HIDDEN)
    files = migrator.validate()
    needed = {name for file in files for name in file.file.directives.depends}
    for migration_id in (file.migration_id for file in files):
        if migration_id in needed:
            with pytest.raises(PlanError, match="depend"):
                migrator.rollback(Alone(migration_id))
        else:
            migrator.rollback(Alone(migration_id))
            migrator.apply(out_of_order=OutOfOrder.ALLOW)
    assert database.dump(*HIDDEN) == whole
