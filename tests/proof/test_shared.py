"""Nothing that all databases of a server share is changed by `verify` or `drift`."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqlmig.cli import main
from sqlmig.config import Config
from sqlmig.embedded.postgres import temporary_postgres
from sqlmig.errors import BeyondDatabaseError
from sqlmig.migrator import Migrator
from sqlmig.model import Direction, Script, checksum
from sqlmig.plan import PlannedMigration
from sqlmig.proof.replay import Stage, staged
from sqlmig.proof.scratch import scratch_beside
from sqlmig.source.directives import FileKind
from sqlmig.source.head import read_head
from sqlmig.source.script import prepare
from tests.project import Project
from tests.proof.shared_kinds import BY_A_SUPERUSER, BY_AN_OWNER, GIVEN, HARMLESS, WAYS
from tests.thorough import examples, is_torture

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
        """What a statement of the test's own returns."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            done = connection.execute(query.encode())
            return done.fetchall() if done.description is not None else ()

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


def ways(kind: str, config: pytest.Config) -> list[Callable[[str], str]]:
    """How a change is written: the long form has each way, the short form one, another for each."""
    every = [*WAYS.values()]
    return every if is_torture(config) else [every[len(kind) % len(every)]]


def refused(stage: Stage, text: str) -> BeyondDatabaseError:
    with pytest.raises(BeyondDatabaseError) as caught:
        stage.run(planned(text))
    return caught.value


@pytest.mark.parametrize("head", ["", OUTSIDE], ids=["transactional", "outside"])
@pytest.mark.parametrize("kind", BY_A_SUPERUSER)
def test_what_a_superuser_changes_for_all_databases_is_undone_and_refused(
    server: Server, superuser: Stage, kind: str, head: str, request: pytest.FixtureRequest
) -> None:
    before = server.dump()
    for written in ways(kind, request.config):
        error = refused(superuser, head + written(BY_A_SUPERUSER[kind]))
        assert error.message.startswith(
            "this changes objects shared by all databases of the server: "
        )
        assert "--scratch-url" in error.remedy
    assert server.dump() == before


@pytest.mark.parametrize("head", ["", OUTSIDE], ids=["transactional", "outside"])
@pytest.mark.parametrize("kind", BY_AN_OWNER)
def test_what_a_role_that_may_only_make_databases_changes_is_undone_and_refused(
    server: Server, owner: Stage, kind: str, head: str, request: pytest.FixtureRequest
) -> None:
    before = server.dump()
    for written in ways(kind, request.config):
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


@pytest.mark.parametrize("role", ["superuser", "owner"])
@pytest.mark.parametrize(
    "text",
    [
        "set timezone = 'Asia/Tokyo'",
        "select set_config('DateStyle', 'German', false)",
        "set extra_float_digits = -15; set bytea_output = escape; set quote_all_identifiers = on",
        "select set_config('client_encoding', 'LATIN1', false)",
        "set session authorization maker; select 1; reset session authorization",
        "set session authorization maker; do $$begin assert current_user = 'maker'; end$$",
        "set role maker; do $$begin assert current_user = 'maker'; end$$",
    ],
)
def test_no_setting_of_a_session_looks_like_a_change(
    request: pytest.FixtureRequest, text: str, role: str
) -> None:
    stage: Stage = request.getfixturevalue(role)
    stage.run(planned(OUTSIDE + text))
    stage.run(planned(text))


@pytest.mark.parametrize("who", ["role", "session authorization"])
def test_another_role_hides_no_change(server: Server, superuser: Stage, who: str) -> None:
    before = server.dump()
    for head in ("", OUTSIDE):
        refused(superuser, f"{head}set {who} maker; alter role maker set work_mem = '2MB'")
    assert server.dump() == before


def test_the_statement_that_does_it_is_named(superuser: Stage) -> None:
    for head in ("", OUTSIDE):
        text = (
            f"{head}create table u1 ();\nset role pg_monitor;\nreset role;\n/* a\n b */ "
            "do $$begin execute 'comment on role victim is null'; end$$;\nselect 1"
        )
        error = refused(superuser, text)
        assert str(error.location).endswith(f":{5 + bool(head)}:7")
        assert error.message.endswith(": comments on roles, databases or tablespaces")
        assert error.remedy.startswith("It was undone. ")


@pytest.mark.parametrize(
    "statement",
    [
        "create database another",
        "DROP /* it */ DATABASE live",
        "create tablespace another location '/tmp'",
        "drop tablespace space",
        "alter database live set tablespace space",
        "alter system set work_mem = '1MB'",
    ],
)
def test_what_cannot_run_in_a_transaction_and_reaches_beyond_is_refused_before_it_runs(
    server: Server, superuser: Stage, statement: str
) -> None:
    before = server.dump()
    error = refused(superuser, f"{OUTSIDE}select 1; {statement}")
    assert str(error.location).endswith(":2:11")
    assert server.dump() == before
    assert server.rows("SELECT FROM pg_file_settings WHERE name = 'work_mem'") == []


def test_what_commits_by_itself_is_refused_since_it_could_not_be_undone(
    server: Server, superuser: Stage
) -> None:
    before = server.dump()
    error = refused(superuser, f"{OUTSIDE}do $$begin commit; comment on role victim is 'z'; end$$")
    assert error.message.startswith("this statement commits by itself")
    assert server.dump() == before


@pytest.mark.parametrize("head", ["", OUTSIDE], ids=["transactional", "outside"])
def test_what_the_record_of_a_migration_sets_off_is_seen(
    server: Server, tmp_path: Path, head: str
) -> None:
    before = server.dump()
    trap = (
        "create function trap() returns trigger language plpgsql as "
        "'begin comment on role victim is null; return new; end'; "
        "create trigger trap before insert on _yoyo_log for each row execute function trap()"
    )
    with _stage(server.superuser_url, tmp_path) as stage:
        refused(stage, head + trap)
    assert server.dump() == before


def test_a_change_by_another_session_is_not_blamed_on_the_script(
    server: Server, superuser: Stage
) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as other:
        script = planned("do $$begin perform pg_sleep(0.3); end$$")
        thread = threading.Thread(target=superuser.run, args=(script,))
        thread.start()
        while thread.is_alive():
            other.execute("CREATE ROLE passing")
            other.execute("DROP ROLE passing")
        thread.join()
        other.execute("CREATE ROLE staying")
        superuser.run(planned("select 1"))
        other.execute("DROP ROLE staying")
        superuser.run(planned("select 1"))


def test_nor_on_a_script_that_sees_only_what_there_was_at_its_beginning(
    server: Server, superuser: Stage
) -> None:
    level = "set transaction isolation level serializable; select 1;"
    asleep = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    script = planned(f"{level} do $$begin perform pg_sleep(0.5); end$$")
    thread = threading.Thread(target=superuser.run, args=(script,))
    thread.start()
    while thread.is_alive() and not server.rows(asleep):
        time.sleep(0.02)
    server.rows("CREATE ROLE passing")
    thread.join()
    server.rows("DROP ROLE passing")
    assert script.migration_id in applied(superuser)
    refused(superuser, f"{level} CREATE ROLE passing")
    superuser.run(planned(f"{level} select 2"))


def applied(stage: Stage) -> set[str]:
    return {row.migration_id for row in stage.history.read()}


def test_a_session_that_waits_for_the_script_does_not_stop_both(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As DROP SUBSCRIPTION does: the look from outside would wait behind it, and it for the
    script."""
    monkeypatch.setattr("sqlmig.engine.databases.shared._LONGEST_WAIT", "300ms")
    reading = "do $$begin perform count(*) from pg_subscription; perform pg_sleep(0.5); end$$"
    with (
        psycopg.connect(server.superuser_url, autocommit=True) as watcher,
        psycopg.connect(server.superuser_url) as other,
        _stage(server.superuser_url, tmp_path) as stage,
    ):

        def lock_when_it_sleeps() -> None:
            asleep = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            while not watcher.execute(asleep).fetchall():
                time.sleep(0.02)
            other.execute("LOCK TABLE pg_subscription IN ACCESS EXCLUSIVE MODE")
            other.commit()

        locking = threading.Thread(target=lock_when_it_sleeps)
        locking.start()
        stage.run(planned(reading))
        locking.join()


_SUBSCRIPTION = "create subscription s connection 'host=nowhere' publication p"
_IN_QUOTES = _SUBSCRIPTION.replace("'", "''")


@pytest.mark.parametrize(
    "text",
    [
        f"{OUTSIDE}{_SUBSCRIPTION} with (connect = false)",
        f"{OUTSIDE}Create /* a */ Subscription s connection '' publication p",
        f"{OUTSIDE}drop subscription if exists s",
        f"do $$begin execute '{_IN_QUOTES} with (connect = false)'; end$$",
        f"{OUTSIDE}do $$begin execute '{_IN_QUOTES} with (connect = false)'; end$$",
    ],
)
@pytest.mark.parametrize("named", [False, True], ids=["beside the target", "on a server given"])
def test_a_subscription_never_runs_on_a_scratch_database(
    server: Server, tmp_path: Path, text: str, named: bool
) -> None:
    project = Project(tmp_path)
    project.migration("001_a", text)
    url = server.superuser_url
    migrator = Migrator(project.config(database=url))
    with pytest.raises(BeyondDatabaseError, match="cannot have a subscription"):
        migrator.verify(scratch_url=url if named else None)
    assert server.rows("SELECT FROM pg_subscription") == []


@pytest.mark.parametrize("kind", ["new role", "rights on a database", "comment on a role"])
def test_rollbacks_recorded_texts_and_pending_migrations_are_looked_at_too(
    server: Server, tmp_path: Path, kind: str
) -> None:
    before, statement = server.dump(), BY_A_SUPERUSER[kind]
    project = Project(tmp_path)
    project.migration("001_a", "create table a ()", f"drop table a; {statement}")
    migrator = Migrator(project.config(database=server.superuser_url, history_schema="public"))
    with pytest.raises(BeyondDatabaseError, match=r"rollbacks/001_a\.sql:1:15"):
        migrator.verify()
    assert server.dump() == before
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        project.migration("001_a", "create table a ()", "drop table a")
        project.migration("002_b", statement)
        with pytest.raises(BeyondDatabaseError, match=r"migrations/002_b\.sql:1:1"):
            migrator.verify_pending()
        assert server.dump() == before
        connection.execute("CREATE DATABASE applied")
        try:
            there = server.superuser_url.replace("/live?", "/applied?")
            migrator = Migrator(project.config(database=there))
            project.write("sql/migrations/002_b.sql", "create table b ()")
            migrator.apply()
            with psycopg.connect(there, autocommit=True) as recorded:
                recorded.execute(
                    "UPDATE _sqlmig_migration SET apply_sql = %s WHERE migration_id = '002_b'",
                    (statement,),
                )
            before = server.dump()
            with pytest.raises(BeyondDatabaseError, match=r"recorded text of 002_b:1:1"):
                migrator.drift()
            assert server.dump() == before
        finally:
            connection.execute("DROP DATABASE applied WITH (FORCE)")


def test_a_server_that_is_given_for_it_takes_what_all_its_databases_share(
    server: Server, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    project.migration("001_a", "create role passing", "drop role passing")
    project.migration(
        "002_b", f"{OUTSIDE}do $$begin create role moving; commit; end$$", "drop role moving"
    )
    url = server.superuser_url
    assert Migrator(project.config(database=url)).verify(scratch_url=url).is_sound


_UNDROPPABLE = (
    "do $$begin execute format('alter database %I is_template true', current_database()); end$$"
)


def test_a_scratch_database_that_cannot_be_dropped_is_reported_by_name(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = Project(tmp_path)
    monkeypatch.chdir(tmp_path)
    for rest, code in (("select 1", 0), ("create role newcomer", 2)):
        project.irreversible("001_a", f"-- irreversible: a test\n{_UNDROPPABLE}")
        project.irreversible("002_b", f"-- irreversible: a test\n{rest}")
        arguments = ["verify", "--database-url", server.superuser_url]
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert (ended.value.code or 0) == code
        ((name,),) = server.rows(
            "SELECT datname FROM pg_database WHERE datname LIKE '%scratch%' AND datistemplate"
        )
        told = capsys.readouterr().err
        assert f"Warning: the scratch database {name} could not be dropped: " in told
        assert f'DROP DATABASE "{name}" WITH (FORCE)' in told
        with psycopg.connect(server.superuser_url, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{name}" IS_TEMPLATE false'.encode())
            connection.execute(f'DROP DATABASE "{name}"'.encode())


_BETWEEN = st.sampled_from([" ", "\n", "\t", " /* a ; role */ ", "/**/ ", " -- drop role\n"])
_NAMES = st.sampled_from(
    ["victim", '"victim"', 'U&"\\0076ictim"', "VICTIM", "U&\"v!0069ctim\" UESCAPE '!'"]
)


@st.composite
def spelled(draw: st.DrawFn) -> str:
    """A change of a role, in any spelling, in any wrapping, among harmless statements."""
    command = draw(
        st.sampled_from(
            [
                ["COMMENT", "ON", "ROLE", "{}", "IS", "'drawn'"],
                ["ALTER", "ROLE", "{}", "SET", "work_mem", "=", "'7MB'"],
                ["ALTER", "USER", "{}", "NOINHERIT"],
                ["GRANT", "{}", "TO", "friend"],
                ["REVOKE", "team", "FROM", "{}"],
                ["REVOKE", "CONNECT", "ON", "DATABASE", "live", "FROM", "{}"],
                ["REASSIGN", "OWNED", "BY", "{}", "TO", "friend"],
            ]
        )
    )
    words = [
        draw(st.sampled_from([str.lower, str.upper]))(w)
        if w.isalpha() and w not in ("team", "friend", "live")
        else w
        for w in command
    ]
    text = "".join(word + draw(_BETWEEN) for word in words).replace("{}", draw(_NAMES))
    for number in range(draw(st.integers(0, 3))):
        text = draw(st.sampled_from(_WRAPPINGS)).format(text, tag=number)
    around = st.sampled_from(["", "select 1;", "create table if not exists drawn ();", "/* a */;"])
    head = draw(st.sampled_from(["", OUTSIDE]))
    return f"{head}{draw(around)}{text};{draw(around)}"


_WRAPPINGS = (
    "do $a{tag}$ begin execute $b{tag}$ {} $b{tag}$; end $a{tag}$",
    "do $a{tag}$ begin begin {}; exception when division_by_zero then null; end; end $a{tag}$",
    "do $a{tag}$ begin if true then {}; end if; end $a{tag}$",
)


@settings(max_examples=examples(15))
@given(text=spelled())
def test_no_spelling_hides_a_change_from_the_look(
    server: Server, superuser: Stage, text: str
) -> None:
    before = server.dump()
    refused(superuser, text)
    assert server.dump() == before


@settings(max_examples=examples(15))
@given(
    words=st.sampled_from(["create user", "drop role victim;", "alter system", "grant a to b"]),
    place=st.sampled_from(
        ["select 1 -- {}", "select '{}'", "/* {} */ select 1", 'select 1 as "{}"', "select $${}$$"]
    ),
    head=st.sampled_from(["", OUTSIDE]),
)
def test_words_in_comments_strings_and_names_refuse_nothing(
    superuser: Stage, words: str, place: str, head: str
) -> None:
    superuser.run(planned(head + place.format(words)))
