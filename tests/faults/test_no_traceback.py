"""Whatever fails around a command, it ends in words and with the exit code that is documented."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg
import pytest
from click.testing import CliRunner, Result

from sqlmig import Migrator
from sqlmig.cli import main
from tests.database import Database
from tests.faults.figures import Figure
from tests.faults.proxy import Proxy, proxied
from tests.project import Project
from tests.thorough import is_torture

# Each with what it does to the database: what writes begins on a new one.
READING = (
    "status",
    "status --check",
    "apply --dry-run",
    "rollback 002 --dry-run",
    "environment",
    "diff 003",
    "show 001 --recorded",
    "check",
    "seed --dry-run --only sql",
    "seed --prove",
    "verify",
    "verify --only-pending",
    "drift",
)
WRITING = (
    "apply",
    "apply --atomic",
    "rollback 001",
    "seed --only sql",
    "environment set testing",
    "mark 004 --reason test",
    "unmark 003 --reason test",
    "repair 003",
)
SAMPLE = 3  # places of each command in the short form


@dataclass
class Stricken:
    """Runs commands on a database whose server can fail at any message."""

    project: Project
    database: Database
    proxy: Proxy
    role: str
    is_running: bool = False
    deleting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """As a role that owns the database and may make others, through the proxy."""
        url = self.proxy.url(self.database).replace("//postgres@", f"//{self.role}@")
        return f"{url}?sslmode=disable&gssencmode=disable"

    def begin_anew(self) -> None:
        """What is applied, and changed since."""
        self.database.execute(
            f"DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION {self.role}"
        )
        write_files(self.project)
        config = self.project.config(database=self.url, environment="development")
        Migrator(config).apply("003")
        self.project.migration("003_view", "create view v as select id from t;", "drop view v;")

    def run(self, command: str, strike: str = "", at: int = 0) -> Result:
        """The command, with what strikes before that message."""
        self.proxy.refuses, self.proxy.messages, self.proxy.strike_at = False, 0, at
        self.proxy.strike = getattr(self, strike) if strike else None
        arguments = [f"--project={self.project.root}", f"--database-url={self.url}"]
        self.is_running = True
        done = CliRunner().invoke(main, [*arguments, *command.split()])
        with self.deleting:
            self.is_running = False
        return done

    def one_is_cut(self, client: socket.socket) -> None:
        """The network fails, for one connection."""
        self.proxy.cut_one(client)

    def the_server_is_gone(self, _: socket.socket) -> None:
        """And it does not come back."""
        self.proxy.cut_for_good()

    def an_administrator_ends_all(self, _: socket.socket) -> None:
        """All sessions; new ones are welcome. The test may be over by then."""
        with suppress(psycopg.OperationalError), self.database.another_connection() as aside:
            aside.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s",
                (self.role,),
            )

    def the_files_are_deleted(self, _: socket.socket) -> None:
        """All of the project. The proxy may hear the last message after the command has ended,
        when the next one has files already."""
        with self.deleting:
            if self.is_running:
                shutil.rmtree(self.project.root, ignore_errors=True)


STRIKES = ("one_is_cut", "the_server_is_gone", "an_administrator_ends_all")


def write_files(project: Project) -> None:
    project.migration("001_table", "create table t (id int primary key);", "drop table t;")
    project.migration(
        "002_index",
        "-- transactional: false\ncreate index concurrently i on t (id);",
        "-- transactional: false\ndrop index concurrently i;",
    )
    project.migration("003_view", "create view v as select * from t;", "drop view v;")
    project.migration("004_pending", "create table p (id int);", "drop table p;")
    project.write(
        "sql/seeds/reference/001_t.sql", "insert into t values (1) on conflict do nothing;"
    )
    project.write("sql/checks/001_t.sql", "-- expect: rows\nselect 1;")


@pytest.fixture
def stricken(project: Project, database: Database) -> Iterator[Stricken]:
    name = database.connection.info.dbname
    role = f"stricken_{name}"
    database.execute(f"CREATE ROLE {role} LOGIN CREATEDB; ALTER DATABASE {name} OWNER TO {role}")
    handler = signal.getsignal(signal.SIGTERM)  # a command has SIGTERM end it like Ctrl-C
    with proxied(database) as proxy:
        found = Stricken(project, database, proxy, role)
        found.begin_anew()
        yield found
    signal.signal(signal.SIGTERM, handler)
    left = (
        f"SELECT datname FROM pg_database WHERE datdba = '{role}'::regrole AND datname <> '{name}'"
    )
    for (scratch,) in database.rows(left):
        database.execute(f'DROP DATABASE IF EXISTS "{scratch}" WITH (FORCE)')
    database.execute(
        f"ALTER DATABASE {name} OWNER TO postgres; DROP OWNED BY {role} CASCADE; DROP ROLE {role}"
    )


def places(count: int, config: pytest.Config) -> Sequence[int]:
    """The messages at which something fails: all, or some spread over all."""
    if is_torture(config):
        return range(1, count + 1)
    # Not at the ends, where leftovers of other runs are removed, which may fail.
    return sorted({1 + count * (2 * index + 1) // (2 * SAMPLE) for index in range(SAMPLE)})


def combinations() -> Iterator[object]:
    """Every command with every strike; in the short form, with one of them."""
    for index, command in enumerate((*READING, *WRITING)):
        for number, strike in enumerate(STRIKES):
            is_short = index % len(STRIKES) == number or command in ("verify", "drift")
            marks = () if is_short else pytest.mark.long_form
            yield pytest.param(command, strike, marks=marks, id=f"{command}, {strike}")


@pytest.mark.parametrize(("command", "strike"), [*combinations()])
def test_a_server_that_is_lost_at_any_message_is_told_in_words(
    command: str, strike: str, stricken: Stricken, figure: Figure, pytestconfig: pytest.Config
) -> None:
    usual = stricken.run(command)
    assert isinstance(usual.exception, SystemExit | None), usual.exc_info
    count = stricken.proxy.messages
    codes = []
    for place in places(count, pytestconfig):
        if command in WRITING:
            stricken.run("status")
            stricken.begin_anew()
        done = stricken.run(command, strike, place)
        figure(f"messages at which {strike.replace('_', ' ')}")
        told = f"{command}, message {place} of {count}: {done.exit_code}\n{done.output}"
        assert_in_words(done)
        assert done.exit_code in (3, usual.exit_code), told
        codes.append(done.exit_code)
    assert 3 in codes


@pytest.mark.parametrize("command", ["apply", "seed --prove", "verify", "drift"])
def test_files_that_are_deleted_at_any_message_are_told_in_words(
    command: str, stricken: Stricken, pytestconfig: pytest.Config
) -> None:
    stricken.run(command)
    for place in places(stricken.proxy.messages, pytestconfig):
        stricken.begin_anew()
        assert_in_words(stricken.run(command, "the_files_are_deleted", place))


def assert_in_words(done: Result) -> None:
    """It ended with a documented exit code, and said why where that is no success."""
    assert isinstance(done.exception, SystemExit | None), done.exc_info
    assert done.exit_code in (0, 1, 2, 3), done.output
    assert "Traceback" not in done.output
    assert "Error: " in done.output or done.exit_code in (0, 1), done.output


def no_folder(project: Project) -> None:
    shutil.rmtree(project.root)


def a_file_for_a_folder(project: Project) -> None:
    shutil.rmtree(project.root / "sql/migrations")
    project.write("sql/migrations", "")


def a_folder_for_a_file(project: Project) -> None:
    (project.root / "sql/migrations/005_folder.sql").mkdir()


def a_link_to_nothing(project: Project) -> None:
    (project.root / "sql/migrations/005_link.sql").symlink_to("nowhere")


def a_link_to_itself(project: Project) -> None:
    (project.root / "sql/seeds/reference/002_link.sql").symlink_to("002_link.sql")


def a_folder_for_the_settings(project: Project) -> None:
    (project.root / "sqlmig.toml").mkdir()


def settings_in_latin1(project: Project) -> None:
    project.write("sqlmig.toml", "history_schema = 'größe'".encode("latin-1"))


def a_folder_for_the_changelog(project: Project) -> None:
    (project.root / "docs/CHANGELOG.md").mkdir(parents=True)


FAULTS = (
    *(no_folder, a_file_for_a_folder, a_folder_for_a_file, a_link_to_nothing, a_link_to_itself),
    *(a_folder_for_the_settings, settings_in_latin1, a_folder_for_the_changelog),
)
WITHOUT_DATABASE = (
    "validate",
    "new name",
    "init",
    "changelog lint --worktree",
    "changelog add 003",
    "changelog rules",
    "embedded status",
    "mongo status",
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_files_that_cannot_be_read_are_told_in_words(
    fault: Callable[[Project], None],
    project: Project,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    commands = [*READING, *WRITING, *WITHOUT_DATABASE]
    chosen = commands if is_torture(pytestconfig) else commands[FAULTS.index(fault) % 4 :: 4]
    for command in chosen:
        project.root.mkdir(exist_ok=True)
        write_files(project)
        monkeypatch.chdir(project.root)
        fault(project)
        arguments = [f"--database-url={database.url}", *command.split()]
        assert_in_words(CliRunner().invoke(main, arguments))
        monkeypatch.chdir("/")
        shutil.rmtree(project.root, ignore_errors=True)
        database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    signal.signal(signal.SIGTERM, handler)


@pytest.mark.parametrize(
    "redirection",
    [
        *(">/dev/full", "<&- >&- 2>&-"),
        *(
            pytest.param(each, marks=pytest.mark.long_form)
            for each in (">&-", "2>&-", ">&- 2>&-", "| true")
        ),
    ],
)
def test_output_that_cannot_be_written_ends_in_no_traceback(
    redirection: str, project: Project, database: Database
) -> None:
    write_files(project)
    project.migration("005_naïve_€", "select 1")
    commands = ("apply", "status", "show 005", "verify", "drift --format json")
    for command in commands if redirection == ">/dev/full" else commands[:2]:
        done = subprocess.run(
            f"{sys.executable} -m sqlmig {command} 3>&2 {redirection}",
            shell=True,
            check=False,
            cwd=project.root,
            env={
                **os.environ,
                "SQLMIG_DATABASE_URL": database.url,
                "PYTHONIOENCODING": "latin-1",
            },
            capture_output=True,
            encoding="latin-1",
        )
        assert done.returncode in (0, 3), done.stderr
        assert "Traceback" not in done.stderr
        assert "Exception" not in done.stderr
    assert "005_naïve_€" in database.applied()


def test_an_error_in_sqlmig_itself_is_told_in_words(
    stricken: Stricken, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise TypeError("not \x1b a thing")

    monkeypatch.setattr(Migrator, "status", fail)
    told = stricken.run("status")
    assert told.exit_code == 3
    assert "Error: an error in sqlmig itself: TypeError: not \\x1b a thing" in told.output
    assert "Please report this" in told.output
    document = json.loads(stricken.run("--format json status").stdout)
    assert "an error in sqlmig itself" in document["errors"][0]["message"]
