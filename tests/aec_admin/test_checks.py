"""Each sanity check finds the violation that is planted for it, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.aec_admin.planting import plant_account, plant_contact
from tests.aec_admin.rows import add_account, add_contact
from tests.database import Database

NAMES = [
    "001_nulls",
    "002_duplicates",
    "003_mapping",
    "004_domains",
    "005_status_logic",
    "006_country_and_year",
]
BLANK = (None, "", " \t")


@pytest.fixture
def sound(built: Database) -> Database:
    """Accounts of every kind that the rules allow."""
    add_account(built, "001")
    add_account(built, "003-A", type="institution", service="LE", country="Japan")
    add_account(built, "004", status="prospect", start_year=None)
    add_account(built, "005", status="inactive", start_year=None)
    add_contact(built, "003-A", is_primary=True)
    return built


def violations(database: Database, project: Path, name: str) -> list[tuple[Any, ...]]:
    """The rows that a check returns."""
    return database.rows((project / f"sql/checks/{name}.sql").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_sound_database_passes(sound: Database, aec_admin: Path, name: str) -> None:
    assert violations(sound, aec_admin, name) == []


@pytest.mark.parametrize("value", BLANK)
@pytest.mark.parametrize("column", ["account_code", "account_name", "type", "service", "status"])
def test_a_missing_value_is_found(
    sound: Database, aec_admin: Path, column: str, value: str | None
) -> None:
    plant_account(sound, **{"code": "900", column: value})
    columns = ("account_code", "account_name", "type", "service", "status")
    row = {
        "account_code": "900",
        "account_name": "Somebody",
        "type": "individual",
        "service": "TF",
        "status": "active",
    } | {column: value}
    assert violations(sound, aec_admin, "001_nulls") == [tuple(row[name] for name in columns)]


def test_a_code_that_stands_twice_is_found(sound: Database, aec_admin: Path) -> None:
    plant_account(sound, "003-A", account_name="Second")
    (found,) = violations(sound, aec_admin, "002_duplicates")
    assert found[:2] == ("003-A", 2)
    assert set(found[2].split(", ")) == {"Somebody", "Second"}


def test_a_contact_of_no_account_is_found(sound: Database, aec_admin: Path) -> None:
    plant_contact(sound, "999")
    (found,) = violations(sound, aec_admin, "003_mapping")
    assert found[:3] == ("999", "Somebody", "Mother")


@pytest.mark.parametrize(
    ("column", "value", "row"),
    [
        ("service", "XX", ("900", "XX", "active", "individual")),
        ("service", "tf", ("900", "tf", "active", "individual")),
        ("status", "paused", ("900", "TF", "paused", "individual")),
        ("type", "company", ("900", "TF", "active", "company")),
    ],
)
def test_a_value_outside_its_domain_is_found(
    sound: Database, aec_admin: Path, column: str, value: str, row: tuple[str, ...]
) -> None:
    plant_account(sound, **{"code": "900", column: value})
    assert violations(sound, aec_admin, "004_domains") == [row]


@pytest.mark.parametrize(
    ("status", "year", "is_active"),
    [
        ("prospect", 2024, False),
        ("prospect", None, True),
        ("active", None, True),
        ("active", 2024, False),
        ("active", 2024, None),
        ("inactive", 2024, True),
        ("inactive", None, True),
    ],
)
def test_a_status_that_disagrees_is_found(
    sound: Database, aec_admin: Path, status: str, year: int | None, is_active: bool | None
) -> None:
    plant_account(sound, "900", status=status, start_year=year, is_active=is_active)
    assert violations(sound, aec_admin, "005_status_logic") == [("900", status, year, is_active)]


@pytest.mark.parametrize(
    ("country", "year"),
    [("", 2024), (" \n", 2024), (None, 2020), ("Japan", 0), ("Japan", 9999)],
)
def test_a_blank_country_and_a_year_out_of_range_are_found(
    sound: Database, aec_admin: Path, country: str | None, year: int
) -> None:
    plant_account(sound, "900", country=country, start_year=year)
    bound = sound.value("SELECT accounts_v2_last_start_year()")
    assert violations(sound, aec_admin, "006_country_and_year") == [("900", country, year, bound)]


def test_a_year_past_the_bound_is_found_until_the_calendar_reaches_it(
    sound: Database, aec_admin: Path
) -> None:
    bound = sound.value("SELECT accounts_v2_last_start_year()")
    plant_account(sound, "900", start_year=bound + 1)
    assert len(violations(sound, aec_admin, "006_country_and_year")) == 1
    sound.execute(
        "CREATE OR REPLACE FUNCTION accounts_v2_last_start_year("
        f"moment timestamptz DEFAULT now()) RETURNS int LANGUAGE sql RETURN {bound + 1}"
    )
    assert violations(sound, aec_admin, "006_country_and_year") == []
