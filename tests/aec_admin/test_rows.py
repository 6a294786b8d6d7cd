"""What the rollbacks of the example give back of its demo rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sqlmig import Migrator
from sqlmig.proof.rows import RowTrip, RowVerdict, RowVerification
from tests.aec_admin.conftest import migrator_of
from tests.database import Database

CONTRACT = "024_account_code_contract"


def trip_of(result: RowVerification, migration_id: str) -> RowTrip:
    return next(trip for trip in result.trips if trip.migration_id == migration_id)


@pytest.mark.long_form
def test_every_rollback_gives_back_the_rows_of_the_demo(migrator: Migrator) -> None:
    result = migrator.verify_rows()
    assert [trip for trip in result.trips if trip.verdict is not RowVerdict.KEPT] == []
    assert result.is_sound


@pytest.fixture
def forgetful(aec_admin: Path, tmp_path: Path, database: Database) -> Migrator:
    """The example with a contract step that forgets the old numbers."""
    project = tmp_path / "aec_admin"
    shutil.copytree(aec_admin, project)
    contract = project / f"sql/migrations/{CONTRACT}.sql"
    contract.write_text(contract.read_text() + "\nDELETE FROM legacy_account_keys;\n")
    (project / "sql/seeds/demo/005_keys.sql").write_text(
        "INSERT INTO legacy_account_keys VALUES (41, '002'), (42, '003-A') ON CONFLICT DO NOTHING;"
    )
    return migrator_of(project, database.url)


def test_what_a_contract_step_cannot_give_back_is_found_and_whether_it_is_declared(
    forgetful: Migrator,
) -> None:
    result = forgetful.verify_rows()
    assert not result.is_sound
    others = {trip.verdict for trip in result.trips if trip.migration_id != CONTRACT}
    assert others == {RowVerdict.KEPT}
    trip = trip_of(result, CONTRACT)
    assert trip.verdict is RowVerdict.LOST
    found = {change.table: (list(change.lines()), change.reason) for change in trip.changes}
    goes = "the number goes, which the code stands for"
    assert found == {
        "invoices": (["2 values of invoices.account_id changed"], goes),
        "learning_cycles": (["2 values of learning_cycles.account_id changed"], ""),
        "legacy_account_keys": (
            [
                "2 rows of legacy_account_keys do not come back",
                "2 rows of legacy_account_keys added",
            ],
            "",
        ),
        "payments": (["2 values of payments.account_id changed"], goes),
    }
