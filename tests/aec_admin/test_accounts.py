"""The rules of accounts_v2, each tried with data that breaks it."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from tests.aec_admin.rows import add_account
from tests.database import Database

BOUND = "SELECT accounts_v2_last_start_year()"
CALENDAR = "SELECT extract(year FROM now() AT TIME ZONE 'UTC')::int + 1"


@pytest.mark.parametrize(
    "column",
    ["account_code", "account_name", "type", "service", "status", "created_at", "updated_at"],
)
def test_what_must_be_known_cannot_be_null(built: Database, column: str) -> None:
    with pytest.raises(errors.NotNullViolation, match=f'"{column}"'):
        add_account(built, **{"code": "001", column: None})


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("account_code", "", "chk_accounts_v2_account_code"),
        ("account_code", " 001", "chk_accounts_v2_account_code"),
        ("account_code", "003-a", "chk_accounts_v2_account_code"),
        ("account_code", "003-", "chk_accounts_v2_account_code"),
        ("account_code", "003-A\n", "chk_accounts_v2_account_code"),
        ("account_name", "", "chk_accounts_v2_account_name"),
        ("account_name", " \t", "chk_accounts_v2_account_name"),
        ("country", "", "chk_accounts_v2_country"),
        ("country", "  ", "chk_accounts_v2_country"),
        ("type", "company", "chk_accounts_v2_type"),
        ("type", "Individual", "chk_accounts_v2_type"),
        ("service", "XX", "fk_accounts_v2_service"),
        ("service", "tf", "fk_accounts_v2_service"),
        ("status", "paused", "chk_accounts_v2_status"),
        ("status", "", "chk_accounts_v2_status"),
    ],
)
def test_a_value_outside_its_domain_is_refused_by_its_guard(
    built: Database, column: str, value: str, constraint: str
) -> None:
    with pytest.raises(psycopg.IntegrityError) as refused:
        add_account(built, **{"code": "001", column: value})
    assert refused.value.diag.constraint_name == constraint


@pytest.mark.parametrize("code", ["001", "003-A", "A", "003-A-12"])
def test_codes_of_digits_and_capital_letters_are_accepted(built: Database, code: str) -> None:
    add_account(built, code)
    assert built.value("SELECT account_code FROM accounts_v2") == code


def test_every_service_type_and_an_unknown_country_are_accepted(built: Database) -> None:
    for number, service in enumerate(("TF", "CD", "PW", "LE")):
        add_account(built, f"{number}", service=service, type="institution", country=None)
    assert built.value("SELECT count(*) FROM accounts_v2 WHERE country IS NULL") == 4


def test_a_code_is_given_to_one_account(built: Database) -> None:
    add_account(built)
    with pytest.raises(errors.UniqueViolation):
        add_account(built)


def test_a_new_service_is_a_row_and_rewrites_no_account(built: Database) -> None:
    add_account(built)
    place = "SELECT pg_relation_filenode('accounts_v2'), ctid::text, xmin::text FROM accounts_v2"
    before = built.rows(place)
    built.execute("INSERT INTO account_services VALUES ('XX')")
    assert built.rows(place) == before
    add_account(built, "002", service="XX")
    with pytest.raises(errors.ForeignKeyViolation):
        built.execute("DELETE FROM account_services WHERE service = 'XX'")


@pytest.mark.parametrize("year", [2021, 2024])
def test_start_years_from_2021_on_are_accepted(built: Database, year: int) -> None:
    add_account(built, start_year=year)


@pytest.mark.parametrize("year", [-1, 0, 1999, 2020])
def test_start_years_before_2021_are_refused(built: Database, year: int) -> None:
    with pytest.raises(errors.CheckViolation, match=f"start_year {year} .* between 2021"):
        add_account(built, start_year=year)


def test_next_year_is_accepted_and_the_one_after_it_is_refused(built: Database) -> None:
    bound = built.value(CALENDAR)
    add_account(built, start_year=bound)
    with pytest.raises(errors.CheckViolation, match=f"between 2021 and {bound}") as refused:
        add_account(built, "002", start_year=bound + 1)
    assert refused.value.diag.constraint_name == "trg_accounts_v2_start_year"
    assert refused.value.diag.column_name == "start_year"
    with pytest.raises(errors.CheckViolation):
        built.execute(f"UPDATE accounts_v2 SET start_year = {bound + 1}")


@pytest.mark.parametrize(
    ("moment", "bound"),
    [
        ("2025-12-31 23:59:59.999999+00", 2026),
        ("2026-01-01 00:00:00+00", 2027),
        ("2026-01-01 05:00:00+08", 2026),
        ("2030-06-15 12:00:00+00", 2031),
    ],
)
def test_the_bound_moves_with_the_calendar_in_utc(built: Database, moment: str, bound: int) -> None:
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        built.execute(f"SET timezone = '{zone}'")
        assert built.value(f"SELECT accounts_v2_last_start_year('{moment}')") == bound
    assert built.value(BOUND) == built.value(CALENDAR)


def test_the_trigger_asks_for_the_bound_each_time(built: Database) -> None:
    def next_year_is(year: int) -> None:
        built.execute(
            "CREATE OR REPLACE FUNCTION accounts_v2_last_start_year("
            f"moment timestamptz DEFAULT now()) RETURNS int LANGUAGE sql RETURN {year}"
        )

    next_year_is(2029)
    with pytest.raises(errors.CheckViolation):
        add_account(built, start_year=2030)
    next_year_is(2030)
    add_account(built, start_year=2030)


@pytest.mark.parametrize(("status", "year"), [("prospect", 2024), ("active", None)])
def test_a_status_that_disagrees_with_the_start_year_is_refused(
    built: Database, status: str, year: int | None
) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        add_account(built, status=status, start_year=year)
    assert refused.value.diag.constraint_name == "chk_accounts_v2_status_logic"
    add_account(built, status="inactive", start_year=year)
    with pytest.raises(errors.CheckViolation):
        built.execute(f"UPDATE accounts_v2 SET status = '{status}'")


@pytest.mark.parametrize(
    ("status", "year", "is_active"),
    [
        ("prospect", None, False),
        ("active", 2024, True),
        ("inactive", 2024, False),
        ("inactive", None, False),
    ],
)
def test_is_active_follows_from_the_status(
    built: Database, status: str, year: int | None, is_active: bool
) -> None:
    add_account(built, status=status, start_year=year)
    assert built.value("SELECT is_active FROM accounts_v2") is is_active


@pytest.mark.parametrize("is_active", [True, False])
def test_nobody_writes_is_active(built: Database, is_active: bool) -> None:
    with pytest.raises(errors.GeneratedAlways):
        add_account(built, is_active=is_active)
    add_account(built)
    with pytest.raises(errors.GeneratedAlways):
        built.execute(f"UPDATE accounts_v2 SET is_active = {is_active}")


@pytest.mark.parametrize(
    ("status", "year"), [("prospect", None), ("active", 2024), ("inactive", None)]
)
def test_the_guard_holds_if_is_active_becomes_a_plain_column(
    built: Database, status: str, year: int | None
) -> None:
    built.execute("ALTER TABLE accounts_v2 ALTER COLUMN is_active DROP EXPRESSION")
    with pytest.raises(errors.CheckViolation) as refused:
        add_account(built, status=status, start_year=year, is_active=status != "active")
    assert refused.value.diag.constraint_name == "chk_accounts_v2_status_logic"


def test_every_update_sets_updated_at_whatever_it_writes(built: Database) -> None:
    past = "2020-01-01 00:00:00+00"
    add_account(built, updated_at=past, created_at=past)
    assert built.value(f"SELECT updated_at = '{past}' FROM accounts_v2")
    built.execute(f"UPDATE accounts_v2 SET country = 'Japan', updated_at = '{past}'")
    now = "SELECT updated_at BETWEEN now() - interval '1 minute' AND now() FROM accounts_v2"
    assert built.value(now)
    assert built.value(f"SELECT created_at = '{past}' FROM accounts_v2")


def test_every_table_with_an_updated_at_has_the_trigger(built: Database) -> None:
    with_column = built.rows(
        "SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "WHERE a.attname = 'updated_at' AND c.relkind = 'r' ORDER BY 1"
    )
    with_trigger = built.rows(
        "SELECT tgrelid::regclass::text FROM pg_trigger "
        "WHERE tgfoid = 'public.set_updated_at'::regproc AND tgenabled = 'O' "
        "AND tgname = 'trg_' || tgrelid::regclass || '_updated_at' ORDER BY 1"
    )
    assert with_trigger == with_column
    assert len(with_column) == 4
