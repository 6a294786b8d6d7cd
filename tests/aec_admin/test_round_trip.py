"""Each migration, rolled back, leaves the schema as it was."""

from __future__ import annotations

from sqlmig import Migrator
from sqlmig.errors import PlanError
from sqlmig.model import MigrationState
from sqlmig.plan import Alone, OutOfOrder, Since
from tests.database import Database

HIDDEN = ("--exclude-table=_yoyo*", "--exclude-table=_sqlmig*")


def test_every_rollback_restores_the_schema_before(migrator: Migrator, database: Database) -> None:
    migrator.apply("001")
    migrator.rollback(Since("001"))
    ids = [file.migration_id for file in migrator.validate()]
    before = database.dump(*HIDDEN)
    for migration_id in ids:
        migrator.apply(migration_id)
        after = database.dump(*HIDDEN)
        migrator.rollback(Since(migration_id))
        assert database.dump(*HIDDEN) == before, migration_id
        migrator.apply(migration_id)
        assert database.dump(*HIDDEN) == after, migration_id
        before = after
    assert len(ids) == 26


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
    migrator: Migrator, database: Database
) -> None:
    migrator.apply()
    whole = database.dump(*HIDDEN)
    undone = []
    for migration in migrator.validate():
        try:
            migrator.rollback(Alone(migration.migration_id))
        except PlanError as refused:
            assert "depend" in str(refused)
            continue
        undone.append(migration.migration_id)
        migrator.apply(out_of_order=OutOfOrder.ALLOW)
        assert database.dump(*HIDDEN) == whole, migration.migration_id
    assert "013_account_codes" in undone
    assert not any("account_code_" in migration_id for migration_id in undone)
