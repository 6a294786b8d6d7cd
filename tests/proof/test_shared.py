"""Nothing that all databases of a server share is changed by `verify` or `drift`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqlmig.config import Config
from sqlmig.embedded.postgres import temporary_postgres
from sqlmig.errors import BeyondDatabaseError
from sqlmig.migrator import Migrator
from sqlmig.model import Direction, Script
from sqlmig.plan import PlannedMigration
from sqlmig.proof.replay import Stage, staged
from sqlmig.proof.scratch import scratch_beside
from sqlmig.source.directives import FileKind, read_head
from sqlmig.source.files import checksum
from sqlmig.source.script import prepare
from tests.project import Project
from tests.proof.shared_kinds import BY_A_SUPERUSER, BY_AN_OWNER, GIVEN, HARMLESS, WAYS

OUTSIDE = "-- transactional: false\n"
_CATALOGS = (
    *("pg_authid", "pg_auth_members", "pg_database", "pg_db_role_setting", "pg_parameter_acl"),
    *("pg_replication_origin", "pg_shdescription", "pg_shseclabel", "pg_subscription"),
    "pg_tablespace",
)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Server:
    """A server of this module's own: no other test changes what its databases share."""

    superuser_url: str

    @property
    def owner_url(self) -> str:
        """The same database for a role that may make databases and no more."""
        return self.superuser_url.replace("//postgres@", "//maker@")

    def rows(self, query: str) -> Sequence[tuple[object, ...]]:
        """What a query of the test's own returns."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def dump(self) -> dict[str, list[str]]:
        """All shared catalogues, but for the rows of scratch databases."""
        scratch = (
            "SELECT oid FROM pg_database WHERE datname LIKE 'sqlmig\\_scratch%' "
            "OR datname = 'postgres'"
        )
        number = {"pg_database": "oid", "pg_db_role_setting": "setdatabase"} | dict.fromkeys(
            ("pg_shdescription", "pg_shseclabel"), "objoid"
        )
        return {
            catalog: [
                str(line)
                for (line,) in self.rows(
                    f"SELECT t::text FROM {catalog} t WHERE {number.get(catalog, '0')} "
                    f"NOT IN ({scratch}) ORDER BY 1"
                )
            ]
            for catalog in _CATALOGS
        }


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """With what the statements of `shared_kinds` change."""
    with temporary_postgres({"fsync": "off", "wal_level": "logical"}) as postgres:
        url = str(postgres.status().url)
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in GIVEN:
                connection.execute(statement.encode())
        yield Server(url.replace("/sqlmig?", "/live?"))


@contextmanager
def _stage(url: str, folder: Path) -> Iterator[Stage]:
    config = Config.load(folder, {"database": url}, environ={})
    with scratch_beside(config, None) as scratch, staged(scratch, config) as stage:
        yield stage


@pytest.fixture(scope="module")
def superuser(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with _stage(server.superuser_url, tmp_path_factory.mktemp("project")) as stage:
        yield stage


@pytest.fixture(scope="module")
def owner(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with _stage(server.owner_url, tmp_path_factory.mktemp("project")) as stage:
        yield stage


def planned(text: str, direction: Direction = Direction.APPLY) -> PlannedMigration:
    """A migration that no other test has."""
    name = f"{next(_numbers):04}_x"
    script = Script(f"{name}.sql", text, checksum(text))
    directives, description = read_head(script.path, text, FileKind.MIGRATION)
    return PlannedMigration(name, direction, prepare(script, directives), directives, description)


def refused(stage: Stage, text: str) -> BeyondDatabaseError:
    with pytest.raises(BeyondDatabaseError) as caught:
        stage.run(planned(text))
    return caught.value


@pytest.mark.parametrize("head", ["", OUTSIDE], ids=["transactional", "outside"])
@pytest.mark.parametrize("kind", BY_A_SUPERUSER)
def test_what_a_superuser_changes_for_all_databases_is_undone_and_refused(
    server: Server, superuser: Stage, kind: str, head: str
) -> None:
    before = server.dump()
    for written in WAYS.values():
        error = refused(superuser, head + written(BY_A_SUPERUSER[kind]))
        assert error.message.startswith("this changes what all databases of the server share: ")
        assert "--scratch-url" in error.remedy
    assert server.dump() == before


@pytest.mark.parametrize("head", ["", OUTSIDE], ids=["transactional", "outside"])
@pytest.mark.parametrize("kind", BY_AN_OWNER)
def test_what_a_role_that_may_only_make_databases_changes_is_undone_and_refused(
    server: Server, owner: Stage, kind: str, head: str
) -> None:
    before = server.dump()
    for written in WAYS.values():
        refused(owner, head + written(BY_AN_OWNER[kind]))
    assert server.dump() == before


@pytest.mark.parametrize("role", ["superuser", "owner"])
def test_what_stays_in_its_database_is_accepted(
    server: Server, request: pytest.FixtureRequest, tmp_path: Path, role: str
) -> None:
    before = server.dump()
    url = {"superuser": server.superuser_url, "owner": server.owner_url}[role]
    with _stage(url, tmp_path) as stage:
        for text in HARMLESS.values():
            stage.run(planned(text))
    assert server.dump() == before


def test_what_a_file_outside_a_transaction_does_in_its_database_is_accepted(
    superuser: Stage,
) -> None:
    superuser.run(
        planned(
            f"{OUTSIDE}create table outside (x int); insert into outside values (1);"
            "create index concurrently i on outside (x); vacuum outside; set work_mem = '5MB';"
            "do $$begin assert current_setting('work_mem') = '5MB'; end$$; drop table outside"
        )
    )
