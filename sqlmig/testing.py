"""Fixtures for pytest: a separate database for each test, with the project's schema in it.

The fixture `sqlmig_database` is available wherever sqlmig is installed; `migrated_database` makes
more like it. The schema is migrated once, into a template on the server that all workers of
pytest-xdist share and later runs reuse. Each test gets a copy of it, dropped when the test ends. A
changed file makes a new template.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest

from sqlmig.config import Config, expect_project, refuse_empty
from sqlmig.errors import SqlmigError
from sqlmig.model import Environment
from sqlmig.model.printable import printable
from sqlmig.target.address import server_for_tests

if TYPE_CHECKING:
    from sqlmig.engine.databases.likeness import DatabaseKind
    from sqlmig.engine.databases.templates import Template, TemplateServer

SERVER_VARIABLE = "SQLMIG_TEST_DATABASE_URL"
# Building a template may take as long as running all migrations.
_SECONDS_FOR_ANOTHER_WORKER = 600.0


class Contents(Enum):
    """What a test database has in it when the test begins."""

    SCHEMA = "schema"
    SEEDED = "seeded"


def migrate(
    config: Config | None = None,
    *,
    host: str,
    port: int | str,
    user: str,
    dbname: str,
    password: str | None = None,
    **_other: Any,
) -> None:
    """Migrates the database with these connection parameters; other parameters are ignored.

    For pytest-postgresql: `postgresql_noproc(load=[sqlmig.testing.migrate])`, or
    `load=[functools.partial(migrate, config)]` with settings other than those of the current
    folder. Raises as `Migrator.apply` does.
    """
    from sqlmig.engine.databases.templates import database_url  # noqa: PLC0415  # only tests with a database

    url = database_url(
        {"host": host, "port": port, "user": user, "dbname": dbname, "password": password}
    )
    _fill(config or Config.load(environ={}), Contents.SCHEMA, url)


def migrated_database(
    config: Config | None = None, *, contents: Contents = Contents.SCHEMA
) -> Callable[[pytest.FixtureRequest], Iterator[str]]:
    """A fixture: the URL of a fresh database for each test, with all migrations applied.

    Assign it in a conftest.py: `database = migrated_database()`. Without `config`, the settings
    come from the fixture `sqlmig_config`; the server is that of the fixture `sqlmig_server`. With
    `Contents.SEEDED`, the database also has the seeds of the testing environment. If
    `Migrator.apply` or `Migrator.seed` fails, the session ends with the message of the error.
    """

    @pytest.fixture
    def database(request: pytest.FixtureRequest) -> Iterator[str]:
        """The URL of a fresh, migrated database, dropped at the end of the test."""
        with ExitStack() as stack:
            with _failing_once(request.session):
                settings: Config = config or request.getfixturevalue("sqlmig_config")
                templates: _Templates = request.getfixturevalue("_sqlmig_templates")
                template = templates.template(settings, contents)
                url = stack.enter_context(templates.server.copy(template))
            yield url

    return database


@contextmanager
def _failing_once(session: pytest.Session) -> Iterator[None]:
    """If sqlmig cannot create a database, ends the session with its message and no traceback: every
    other test that needs one would fail in the same way."""
    try:
        yield
    except SqlmigError as error:
        session.shouldfail = "sqlmig cannot make the test databases"
        words = "\n".join(printable(error.lines()))
        raise pytest.fail.Exception(words, pytrace=False) from None


@pytest.fixture(scope="session")
def sqlmig_config(pytestconfig: pytest.Config) -> Config:
    """The settings of the project under test, ignoring environment variables; override it for
    others.

    The project is the folder where pytest found its own settings.
    """
    return Config.load(pytestconfig.rootpath, environ={})


@pytest.fixture(scope="session")
def sqlmig_server(sqlmig_config: Config) -> str:
    """The URL of the server for test databases; its role must be allowed to create databases.
    Override it for another server.

    The value of the variable SQLMIG_TEST_DATABASE_URL, or else the project's embedded server,
    started if it is not running.
    """
    if (url := os.environ.get(SERVER_VARIABLE)) is not None:
        refuse_empty(url, SERVER_VARIABLE)
        return url
    expect_project(sqlmig_config)
    return server_for_tests(sqlmig_config).start().url or ""


sqlmig_database = migrated_database()


class _Templates:
    """The templates that this process has found or built."""

    def __init__(self, server: TemplateServer) -> None:
        self.server = server
        self._known: dict[tuple[Config, Contents], Template] = {}

    def template(self, config: Config, contents: Contents) -> Template:
        """The template for the project's current files, built if it does not exist."""
        known = config, contents
        if known not in self._known:
            template = _described(config, contents, self.server.kind)
            self.server.ensure(
                template, lambda url: _fill(config, contents, url), _SECONDS_FOR_ANOTHER_WORKER
            )
            self._known[known] = template
        return self._known[known]


@pytest.fixture(scope="session")
def _sqlmig_templates(sqlmig_server: str) -> Iterator[_Templates]:
    from sqlmig.engine.databases.templates import TemplateServer  # noqa: PLC0415

    with ExitStack() as stack:
        yield _Templates(stack.enter_context(TemplateServer.at(sqlmig_server)))


def _fill(config: Config, contents: Contents, url: str) -> None:
    from sqlmig.migrator import Migrator  # noqa: PLC0415

    settings = replace(config, database=url, environment=Environment.TESTING, origins={})
    migrator = Migrator(settings)
    if migrator.environment().refusal:  # a dump was loaded, for example: it is a test database now
        migrator.set_environment(Environment.TESTING)
    migrator.apply()
    if contents is Contents.SEEDED:
        migrator.seed()


def _described(config: Config, contents: Contents, kind: DatabaseKind | None) -> Template:
    """Names the template after the project's folder, the kind of database, and the checksums of
    everything that goes into it."""
    from sqlmig.engine.databases.templates import Template  # noqa: PLC0415
    from sqlmig.engine.server.connection import sqlmig_version  # noqa: PLC0415
    from sqlmig.operations.seeds import seeds_of  # noqa: PLC0415
    from sqlmig.source.files import read_migrations  # noqa: PLC0415

    migrations = read_migrations(config.migrations_folder, config.rollbacks_folder)
    seeds = seeds_of(config, Environment.TESTING) if contents is Contents.SEEDED else ()
    named = [(file.migration_id, file.file.script.checksum) for file in migrations]
    named += [(seed.name, seed.seed.file.script.checksum) for seed in seeds]
    project = config.project.resolve(), config.migrations_folder, contents.value
    family = project if kind is None else (*project, kind)
    made_of = named, config.history_schema, sqlmig_version()
    return Template(_digest(family)[:8], _digest(made_of)[:16])


def _digest(facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()
