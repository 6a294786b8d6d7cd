"""A URL of another program is refused with what to write instead, and no word of a password."""

from __future__ import annotations

import pytest

from sqlmig import Migrator
from sqlmig.errors import ConfigError
from tests.database import Database
from tests.project import Project

URL = "postgresql://app:s3cret@db.example.com:5432/shop"

FOREIGN = {
    f"{URL}?pgbouncer=true": ("no parameter pgbouncer", "Leave it out: sqlmig detects a pooler"),
    f"{URL}?schema=billing": ("no parameter schema", "options=-csearch_path%3Dbilling "),
    f"{URL}?search_path=a,b": ("no parameter search_path", "options=-csearch_path%3Da,b "),
    f"{URL}?search_path=a%2C%20b": ("no parameter search_path", "options=-csearch_path%3Da,b "),
    f"{URL}?sslmode=require&currentSchema=a": ("no parameter currentSchema", "=-csearch_path%3Da"),
    f"{URL}?socket=/var/run/x": ("no parameter socket", "Write host=%2Fvar%2Frun%2Fx instead"),
    f"{URL}?connection_limit=5": ("no parameter connection_limit", "it belongs to another program"),
    f"{URL}?statement_timeout=5s": ("no parameter statement_timeout", "-cstatement_timeout%3D"),
    f"{URL}?sslaccept=strict": ("no parameter sslaccept", "Write sslmode instead of sslaccept"),
    f"{URL}?ApplicationName=x": ("no parameter ApplicationName", "Write application_name instead"),
    f"jdbc:{URL}": ("jdbc:postgresql:// is not a scheme", "postgresql://user@host:5432/database"),
    "mysql://app:s3cret@db/shop": ("mysql:// is not a scheme", "postgresql://user@"),
}


@pytest.mark.parametrize("url", FOREIGN)
def test_a_url_of_another_program_is_told_with_what_to_write(project: Project, url: str) -> None:
    project.migration("001_a", "select 1")
    reason, remedy = FOREIGN[url]
    with pytest.raises(ConfigError) as caught:
        Migrator(project.config(database=url)).status()
    assert reason in caught.value.message
    assert remedy in caught.value.remedy
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("password", ["a?schema=b", "a?b&pgbouncer=c", "a?x=1@y?schema=z"])
def test_what_may_be_part_of_a_password_is_not_shown(project: Project, password: str) -> None:
    project.migration("001_a", "select 1")
    with pytest.raises(ConfigError) as caught:
        Migrator(project.config(database=f"postgresql://app:{password}@db:5x/shop")).status()
    for word in ("schema", "pgbouncer", "=b", "=c", "=z"):
        assert word not in str(caught.value)


def test_what_is_advised_for_a_search_path_works(project: Project, database: Database) -> None:
    database.execute("create schema a; create schema b")
    project.migration("001_a", "create table here ()")
    url = f"{database.url}&options=-csearch_path%3Da,b"
    Migrator(project.config(database=url)).apply()
    assert database.tables("a") == {"here"}
