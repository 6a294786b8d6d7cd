"""Each sanity check finds the violation that is planted for it, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sqlmig import Migrator
from sqlmig.errors import SanityCheckError
from sqlmig.model import CheckOutcome
from sqlmig.plan import Since
from tests.aec_admin.planting import plant_account, plant_contact
from tests.aec_admin.rows import add_account, add_contact
from tests.command import Run
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


def violations(migrator: Migrator, name: str) -> list[tuple[str | None, ...]]:
    """The rows that a check reports."""
    (result,) = [result for result in migrator.check() if result.name == name]
    assert result.has_failed is (result.violations.count > 0)
    return list(result.violations.rows)


def shown(value: object) -> str | None:
    """A value as the server writes it."""
    if isinstance(value, bool):
        return "t" if value else "f"
    return None if value is None else str(value)


def test_a_sound_database_passes_all_six(sound: Database, migrator: Migrator) -> None:
    assert [(result.name, result.outcome) for result in migrator.check()] == [
        (name, CheckOutcome.PASSED) for name in NAMES
    ]


def test_a_check_waits_for_the_migration_that_brings_its_rule(
    migrator: Migrator, database: Database
) -> None:
    def applicable(target: str) -> list[str]:
        migrator.apply(target)
        results = migrator.check()
        return [r.name for r in results if r.outcome is not CheckOutcome.NOT_APPLICABLE]

    assert applicable("001") == []
    assert applicable("002") == ["002_duplicates"]
    assert applicable("008") == [NAMES[0], NAMES[1], NAMES[3], NAMES[5]]
    assert applicable("014") == NAMES


@pytest.mark.parametrize("value", BLANK)
@pytest.mark.parametrize("column", ["account_code", "account_name", "type", "service", "status"])
def test_a_missing_value_is_found(
    sound: Database, migrator: Migrator, column: str, value: str | None
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
    assert violations(migrator, "001_nulls") == [tuple(row[name] for name in columns)]


def test_a_code_that_stands_twice_is_found(sound: Database, migrator: Migrator) -> None:
    plant_account(sound, "003-A", account_name="Second")
    (found,) = violations(migrator, "002_duplicates")
    assert found[:2] == ("003-A", "2")
    assert set(str(found[2]).split(", ")) == {"Somebody", "Second"}


def test_a_contact_of_no_account_is_found(sound: Database, migrator: Migrator) -> None:
    plant_contact(sound, "999")
    (found,) = violations(migrator, "003_mapping")
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
    sound: Database, migrator: Migrator, column: str, value: str, row: tuple[str, ...]
) -> None:
    plant_account(sound, **{"code": "900", column: value})
    assert violations(migrator, "004_domains") == [row]


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
    sound: Database, migrator: Migrator, status: str, year: int | None, is_active: bool | None
) -> None:
    plant_account(sound, "900", status=status, start_year=year, is_active=is_active)
    assert violations(migrator, "005_status_logic") == [
        ("900", status, shown(year), shown(is_active))
    ]


@pytest.mark.parametrize(
    ("country", "year"),
    [("", 2024), (" \n", 2024), (None, 2020), ("Japan", 0), ("Japan", 9999)],
)
def test_a_blank_country_and_a_year_out_of_range_are_found(
    sound: Database, migrator: Migrator, country: str | None, year: int
) -> None:
    plant_account(sound, "900", country=country, start_year=year)
    bound = sound.value("SELECT accounts_v2_last_start_year()")
    assert violations(migrator, "006_country_and_year") == [("900", country, str(year), str(bound))]


def test_a_year_past_the_bound_is_found_until_the_calendar_reaches_it(
    sound: Database, migrator: Migrator
) -> None:
    bound = sound.value("SELECT accounts_v2_last_start_year()")
    plant_account(sound, "900", start_year=bound + 1)
    assert len(violations(migrator, "006_country_and_year")) == 1
    sound.execute(
        "CREATE OR REPLACE FUNCTION accounts_v2_last_start_year("
        f"moment timestamptz DEFAULT now()) RETURNS int LANGUAGE sql RETURN {bound + 1}"
    )
    assert violations(migrator, "006_country_and_year") == []


PLANTED: dict[str, tuple[dict[str, object], str]] = {
    "001_nulls": ({"code": "900", "account_name": None}, r"900 +NULL +individual +TF +active"),
    "002_duplicates": ({"code": "003-A"}, r"003-A +2 +Somebody, Somebody"),
    "004_domains": ({"code": "900", "service": "XX"}, r"900 +XX +active +individual"),
    "005_status_logic": ({"code": "900", "is_active": False}, r"900 +active +2024 +f"),
    "006_country_and_year": ({"code": "900", "country": ""}, r"900 + 2024 +\d+"),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_command_reports_the_check_with_its_rows_and_exits_1(
    sound: Database, aec_admin: Path, name: str
) -> None:
    if name in PLANTED:
        columns, row = PLANTED[name]
        plant_account(sound, **columns)  # type: ignore[arg-type]
    else:
        plant_contact(sound, "999")
        row = r"999 +Somebody +Mother"
    done = Run(aec_admin, sound.url)("check")
    assert done.returncode == 1
    failed = re.findall(r"^(\w+) +FAILED ", done.stdout, re.MULTILINE)
    assert failed == [name]
    assert re.search(rf"^{row}", done.stdout, re.MULTILINE), done.stdout
    assert "6 sanity checks: 5 passed, 1 failed." in done.stdout


def test_the_checks_run_after_a_batch_of_migrations(sound: Database, migrator: Migrator) -> None:
    migrator.rollback(Since("026"))
    plant_contact(sound, "999")
    with pytest.raises(SanityCheckError, match="003_mapping"):
        migrator.apply()


def test_a_violation_takes_the_seeds_back(sound: Database, migrator: Migrator) -> None:
    plant_contact(sound, "999")
    with pytest.raises(SanityCheckError, match="003_mapping"):
        migrator.seed()
    assert sound.value("SELECT count(*) FROM accounts_v2") == 4
