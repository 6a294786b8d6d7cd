"""Which database is meant."""

from __future__ import annotations

import pytest

from sqlmig.report import servers


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({"dbname": "shop", "host": "localhost", "port": "5544"}, "shop on localhost:5544"),
        ({"user": "ann", "host": "db"}, "ann on db:5432"),
        ({"dbname": "shop", "host": "/run/pg", "port": "1"}, "shop on /run/pg:1"),
        ({"dbname": "shop", "hostaddr": "::1"}, "shop on ::1:5432"),
        ({"dbname": "shop", "user": "ann@example"}, "shop on the local socket"),
        ({"dbname": "shop", "host": "a,b", "port": "1,"}, "shop on a:1,b:5432"),
        ({"dbname": "shop", "host": "a,b", "port": "7"}, "shop on a:7,b:7"),
        ({"service": "shop", "user": "ann"}, "service shop"),
    ],
)
def test_the_database_is_named_with_what_named_it(parameters: dict[str, str], where: str) -> None:
    assert servers.database(parameters | {"password": "x@y"}, "PGHOST") == (
        f"Database: {where}, from PGHOST"
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"host": "localhost"},
        {"user": "ann@example", "host": "db"},
        {"dbname": "34@host/db", "host": "ann", "port": "12"},
        {"dbname": "shop", "host": "ss@host"},
        {"dbname": "shop", "host": "ann", "port": "hunter2"},
        {"dbname": "shop", "host": "ann", "port": "1", "options": "x@host/db"},
    ],
)
def test_a_database_is_not_named_where_a_password_may_be_part_of_it(
    parameters: dict[str, str],
) -> None:
    assert servers.database(parameters, "DATABASE_URL") == ""
