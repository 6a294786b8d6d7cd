"""Settings: which value wins, where it came from, and what cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from types import MappingProxyType

import pytest

from sqlmig.config import Config
from sqlmig.errors import ConfigError
from sqlmig.model import Environment
from tests.privileges import public_project, without_root
from tests.project import Project

SECRET = "hunter2"
NOTHING: Mapping[str, str] = MappingProxyType({})


def load(project: Project, arguments: Mapping[str, object] = NOTHING, /, **environ: str) -> Config:
    return Config.load(project.root, arguments, environ=environ)


def refused(
    project: Project, arguments: Mapping[str, object] = NOTHING, /, **environ: str
) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(project, arguments, **environ)
    assert caught.value.exit_code == 2
    assert caught.value.remedy
    return caught.value


# Layers


def test_without_any_setting_the_defaults_hold(project: Project) -> None:
    config = load(project)
    assert config == Config(project=project.root)
    assert config.migrations_folder == project.root / "sql/migrations"
    assert config.rollbacks_folder == project.root / "sql/rollbacks"
    assert (config.lock_timeout, config.statement_timeout) == ("5s", None)
    assert (config.lock_wait, config.lock_tries) == (60.0, 10)
    assert (config.database, config.environment, config.history_schema) == (None, None, None)
    assert not config.allow_out_of_order
    assert config.origins == {}


def test_every_setting_can_stand_in_sqlmig_toml(project: Project) -> None:
    path = project.write(
        "sqlmig.toml",
        'migrations = "up"\n'
        'rollbacks = "down"\n'
        'database = "postgresql:///x"\n'
        'environment = "testing"\n'
        'history_schema = "admin"\n'
        'lock_timeout = "1s"\n'
        'statement_timeout = "10min"\n'
        "lock_wait = 2.5\n"
        "lock_tries = 3\n"
        "allow_out_of_order = true\n"
        'changelog = "CHANGES.md"\n'
        'changelog_baseline = "origin/trunk"\n'
        'adr = "decisions"\n'
        'squashed = { "010_all" = ["001_a", "002_b"] }\n',
    )
    config = load(project)
    assert config == Config(
        project=project.root,
        migrations=Path("up"),
        rollbacks=Path("down"),
        database="postgresql:///x",
        environment=Environment.TESTING,
        history_schema="admin",
        lock_timeout="1s",
        statement_timeout="10min",
        lock_wait=2.5,
        lock_tries=3,
        allow_out_of_order=True,
        changelog=Path("CHANGES.md"),
        changelog_baseline="origin/trunk",
        adr=Path("decisions"),
        squashed=(("010_all", ("001_a", "002_b")),),
    )
    assert set(config.origins.values()) == {str(path)}


def test_a_stronger_layer_wins_and_is_remembered(project: Project) -> None:
    path = project.write("sqlmig.toml", 'lock_timeout = "1s"\n')
    found = load(project)
    assert (found.lock_timeout, found.origins) == ("1s", {"lock_timeout": str(path)})
    found = load(project, SQLMIG_LOCK_TIMEOUT="2s")
    assert (found.lock_timeout, found.origins) == ("2s", {"lock_timeout": "SQLMIG_LOCK_TIMEOUT"})
    found = load(project, {"lock_timeout": "3s"}, SQLMIG_LOCK_TIMEOUT="2s")
    assert (found.lock_timeout, found.origins) == (
        "3s",
        {"lock_timeout": "the argument lock_timeout"},
    )
    assert load(project, {"lock_wait": "3"}).origins["lock_wait"] == "--lock-wait"


def test_an_argument_that_is_not_given_and_an_empty_variable_do_not_count(
    project: Project,
) -> None:
    project.write("sqlmig.toml", "lock_tries = 3\n")
    assert load(project, {"lock_tries": None}, SQLMIG_LOCK_TRIES="").lock_tries == 3


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
@pytest.mark.parametrize(
    "variable",
    [
        *("SQLMIG_DATABASE_URL", "DATABASE_URL", "SQLMIG_ENV"),
        *("SQLMIG_MONGO_URL", "MONGODB_URI", "MONGO_URL"),
    ],
)
def test_an_empty_variable_that_would_name_a_database_is_refused(
    project: Project, variable: str, text: str
) -> None:
    project.write("sqlmig.toml", 'database = "embedded"\nmongo = "embedded"\n')
    error = refused(project, **{variable: text})
    assert error.message == f"{variable} is empty"
    assert "perhaps a variable or a secret is not set" in error.remedy


@pytest.mark.parametrize("name", ["database", "mongo", "environment"])
def test_an_empty_argument_that_would_name_a_database_is_refused(
    project: Project, name: str
) -> None:
    assert refused(project, {name: " "}).message.endswith(" is empty")


def test_an_empty_variable_is_refused_though_a_weaker_one_has_a_value(project: Project) -> None:
    error = refused(project, SQLMIG_DATABASE_URL="", DATABASE_URL="postgresql:///x", PGHOST="h")
    assert error.message == "SQLMIG_DATABASE_URL is empty"


def test_an_empty_variable_does_not_matter_below_one_that_counts(project: Project) -> None:
    found = load(project, SQLMIG_DATABASE_URL="postgresql:///x", DATABASE_URL="")
    assert found.database == "postgresql:///x"
    assert load(project, {"database": "embedded"}, DATABASE_URL="").is_embedded


def test_an_empty_variable_of_libpqs_names_nothing_as_libpq_has_it(project: Project) -> None:
    project.write("sqlmig.toml", 'database = "embedded"\n')
    assert load(project, PGHOST="", PGDATABASE="").is_embedded


def test_a_false_or_zero_argument_counts(project: Project) -> None:
    project.write("sqlmig.toml", "allow_out_of_order = true\nlock_wait = 9\n")
    config = load(project, {"allow_out_of_order": False, "lock_wait": 0})
    assert (config.allow_out_of_order, config.lock_wait) == (False, 0.0)


@pytest.mark.parametrize(
    ("variable", "name", "text", "value"),
    [
        ("SQLMIG_MIGRATIONS", "migrations", "up", Path("up")),
        ("SQLMIG_ROLLBACKS", "rollbacks", "/down", Path("/down")),
        ("SQLMIG_ENV", "environment", "testing", Environment.TESTING),
        ("SQLMIG_HISTORY_SCHEMA", "history_schema", "admin", "admin"),
        ("SQLMIG_LOCK_TIMEOUT", "lock_timeout", "500ms", "500ms"),
        ("SQLMIG_STATEMENT_TIMEOUT", "statement_timeout", "1h", "1h"),
        ("SQLMIG_LOCK_WAIT", "lock_wait", "1.5", 1.5),
        ("SQLMIG_LOCK_TRIES", "lock_tries", "7", 7),
        ("SQLMIG_LARGE_TABLE", "large_table", "2 GB", 2 * 1024**3),
        ("SQLMIG_CHANGELOG", "changelog", "CHANGES.md", Path("CHANGES.md")),
        ("SQLMIG_CHANGELOG_BASELINE", "changelog_baseline", "origin/trunk", "origin/trunk"),
        ("SQLMIG_ADR", "adr", "decisions", Path("decisions")),
    ],
)
def test_variables_give_settings(
    project: Project, variable: str, name: str, text: str, value: object
) -> None:
    config = load(project, NOTHING, **{variable: text})
    assert getattr(config, name) == value
    assert config.origins == {name: variable}


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("development", Environment.DEVELOPMENT),
        ("dev", Environment.DEVELOPMENT),
        ("TEST", Environment.TESTING),
        ("Production", Environment.PRODUCTION),
        ("prod", Environment.PRODUCTION),
        (Environment.TESTING, Environment.TESTING),
    ],
)
def test_environments_have_long_and_short_names(
    project: Project, name: object, environment: Environment
) -> None:
    assert load(project, {"environment": name}).environment is environment


@pytest.mark.parametrize("value", ["10 m", "-1", "1.5GB", True, ""])
def test_a_size_has_a_unit_of_postgresql_or_none(project: Project, value: object) -> None:
    assert load(project, {"large_table": 5}).large_table == 5
    assert "is not a size" in refused(project, {"large_table": value}).message


@pytest.mark.parametrize("value", ["001_a", ["001_a"], {"010_all": "001_a"}, {"010_all": [1]}])
def test_squashed_migrations_are_a_table_of_lists(project: Project, value: object) -> None:
    assert "is not a table with a list" in refused(project, {"squashed": value}).message


def test_an_absolute_folder_is_taken_as_it_is(project: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    assert load(project, {"migrations": elsewhere}).migrations_folder == elsewhere


# The database


DATABASE_LAYERS = [
    ("--database-url", "postgresql:///argument"),
    ("SQLMIG_DATABASE_URL", "postgresql:///sqlmig"),
    ("DATABASE_URL", "postgresql:///common"),
    ("PGHOST", ""),
    ("sqlmig.toml", "postgresql:///file"),
]


@pytest.mark.parametrize("strongest", range(len(DATABASE_LAYERS)))
def test_the_database_comes_from_the_strongest_layer(project: Project, strongest: int) -> None:
    given = dict(DATABASE_LAYERS[strongest:])
    project.write("sqlmig.toml", 'database = "postgresql:///file"\n')
    argument = given.get("--database-url")
    environ = {"SQLMIG_DATABASE_URL", "DATABASE_URL"} & set(given)
    variables = {name: given[name] for name in environ}
    if "PGHOST" in given:
        variables["PGHOST"] = "example.org"
    config = load(project, {"database": argument}, **variables)
    origin, value = DATABASE_LAYERS[strongest]
    assert config.database == value
    assert config.origins["database"].endswith(origin)


@pytest.mark.parametrize("variable", ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE"])
def test_libpq_s_own_variables_leave_the_database_to_libpq(project: Project, variable: str) -> None:
    config = load(project, NOTHING, **{variable: "x"})
    assert (config.database, config.origins["database"]) == ("", variable)


def test_a_user_or_a_port_alone_names_no_other_database(project: Project) -> None:
    project.write("sqlmig.toml", 'database = "embedded"\n')
    assert load(project, PGUSER="x", PGPORT="5433").is_embedded
    assert load(Project(project.write("a/b", "").parent), PGUSER="x").database is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql+psycopg://a@b/c", "postgresql://a@b/c"),
        ("postgresql+asyncpg://a@b/c?x=postgresql+x://", "postgresql://a@b/c?x=postgresql+x://"),
        ("postgres+psycopg2://a@b/c", "postgres://a@b/c"),
        ("postgres://a@b/c", "postgres://a@b/c"),
        ("postgresql://a@h1:1,h2:2/c", "postgresql://a@h1:1,h2:2/c"),
        ("host=b dbname=c", "host=b dbname=c"),
    ],
)
def test_sqlalchemy_s_urls_are_understood_and_libpq_s_are_kept(
    project: Project, url: str, expected: str
) -> None:
    assert load(project, DATABASE_URL=url).database == expected


def test_a_password_never_shows(project: Project) -> None:
    url = f"postgresql://app:{SECRET}@host/db"
    for config in (
        load(project, SQLMIG_DATABASE_URL=url),
        load(project, {"database": url}),
        Config(database=url),
    ):
        assert config.database == url
        assert SECRET not in repr(config)
        assert SECRET not in str(config)
        assert SECRET not in repr(config.origins)


def test_a_password_does_not_show_in_errors_either(project: Project) -> None:
    for value in ([f"postgresql://app:{SECRET}@host/db"], {"password": SECRET}):
        assert SECRET not in str(refused(project, {"database": value}))
    project.write("sqlmig.toml", f'database = ["postgresql://app:{SECRET}@host/db"]\n')
    error = refused(project)
    assert SECRET not in str(error)
    assert "database: the value is not a string" in error.message
    project.write("sqlmig.toml", f'database = "postgresql://app:{SECRET}@host/db\n')
    assert SECRET not in str(refused(project))
    project.write("sqlmig.toml", f'databse = "postgresql://app:{SECRET}@host/db"\n')
    assert SECRET not in str(refused(project))


# The file


def test_pyproject_toml_has_settings_in_its_own_table(project: Project) -> None:
    path = project.write("pyproject.toml", '[project]\nname = "x"\n[tool.sqlmig]\nlock_tries = 3\n')
    config = load(project)
    assert (config.lock_tries, config.origins) == (3, {"lock_tries": str(path)})


def test_sqlmig_toml_is_read_before_pyproject_toml(project: Project) -> None:
    project.write("pyproject.toml", "[tool.sqlmig]\nlock_tries = 3\nlock_wait = 1\n")
    project.write("sqlmig.toml", "lock_tries = 4\n")
    config = load(project)
    assert (config.lock_tries, config.lock_wait) == (4, 60.0)


def test_a_pyproject_toml_of_others_gives_no_settings(project: Project) -> None:
    project.write("pyproject.toml", "[tool.ruff]\nline-length = 100\n")
    assert load(project).origins == {}


def test_a_byte_order_mark_before_the_settings_is_no_matter(project: Project) -> None:
    project.write("sqlmig.toml", b"\xef\xbb\xbflock_tries = 3\n")
    assert load(project).lock_tries == 3


def test_the_project_is_the_nearest_folder_upwards_with_settings(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("sqlmig.toml", "lock_tries = 3\n")
    project.write("a/pyproject.toml", "[tool.ruff]\n")
    project.write("a/b/file", "")
    monkeypatch.chdir(project.root / "a/b")
    config = Config.load(environ=NOTHING)
    assert config.project == Path("../..")
    assert config.lock_tries == 3
    assert config.migrations_folder == Path("../../sql/migrations")
    monkeypatch.chdir(project.root)
    assert Config.load(environ=NOTHING).migrations_folder == Path("sql/migrations")


def test_without_settings_anywhere_the_project_is_the_current_folder(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    assert Config.load(environ=NOTHING).project == Path()


def test_a_project_that_is_named_is_not_searched_for(project: Project) -> None:
    project.write("sqlmig.toml", "lock_tries = 3\n")
    folder = project.write("a/file", "").parent
    assert Config.load(folder, environ=NOTHING).lock_tries == 10


# What cannot be used


def test_a_project_that_is_not_there_is_refused(project: Project) -> None:
    error = refused(Project(project.root / "nowhere"))
    assert error.message == f"{project.root}/nowhere: no such folder"
    assert "--project" in error.remedy


def test_a_project_that_we_may_not_look_into_is_refused() -> None:
    with public_project() as outer:
        inner = Project(outer.write("a/b/sqlmig.toml", "").parent)
        (outer.root / "a").chmod(0)
        with without_root():
            error = refused(inner)
        assert error.message == f"{inner.root}: no such folder"


def test_a_folder_upwards_that_we_may_not_look_into_has_no_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with public_project() as outer:
        inner = outer.write("a/b/file", "").parent
        monkeypatch.chdir(inner)
        (outer.root / "a").chmod(0)
        with without_root():
            assert Config.load(environ=NOTHING).project == Path()


def test_an_unknown_setting_is_refused_with_the_nearest(project: Project) -> None:
    path = project.write("sqlmig.toml", 'lock_timout = "1s"\n')
    assert str(refused(project)) == (
        f"{path}: unknown setting 'lock_timout'\nDid you mean lock_timeout?"
    )


def test_an_unknown_setting_like_no_other_is_refused_with_all_there_are(project: Project) -> None:
    project.write("pyproject.toml", "[tool.sqlmig]\ncolour = 1\n")
    error = refused(project)
    assert "unknown setting 'colour'" in error.message
    assert error.remedy.startswith("Known: migrations, rollbacks, database,")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            'lock_timeout = "5"',
            "lock_timeout: '5' is not a duration: expected a time with its unit",
        ),
        ("lock_timeout = 5", "lock_timeout: 5 is not a duration: expected a time with its unit"),
        ('statement_timeout = "1 hour"', "expected a time with its unit"),
        ("lock_wait = -1", "lock_wait: -1 is not a time: expected seconds, 0 or more"),
        ("lock_wait = nan", "expected seconds, 0 or more"),
        ("lock_wait = inf", "expected seconds, 0 or more"),
        ("lock_wait = true", "expected seconds"),
        ("lock_wait = [1]", "expected seconds"),
        ('lock_wait = "soon"', "lock_wait: 'soon' is not a time"),
        ("lock_tries = 0", "lock_tries: 0 is not a count: expected a whole number, 1 or more"),
        ("lock_tries = 1.5", "expected a whole number, 1 or more"),
        ("lock_tries = true", "expected a whole number, 1 or more"),
        ('lock_tries = "many"', "lock_tries: 'many' is not a count"),
        ('allow_out_of_order = "perhaps"', "'perhaps' is neither true nor false"),
        ('environment = "staging"', "expected development, testing or production"),
        ("history_schema = 1", "history_schema: 1 is not a string"),
        ('migrations = ""', "migrations: '' is not a path"),
        ("migrations = 1", "migrations: 1 is not a path"),
    ],
)
def test_a_bad_value_is_refused_with_its_place_and_what_was_expected(
    project: Project, line: str, told: str
) -> None:
    path = project.write("sqlmig.toml", f"{line}\n")
    error = refused(project)
    assert error.message.startswith(f"{path}: ")
    assert told in error.message


def test_a_bad_value_of_a_variable_or_an_argument_names_it(project: Project) -> None:
    assert str(refused(project, SQLMIG_LOCK_TRIES="0")) == (
        "SQLMIG_LOCK_TRIES: '0' is not a count: "
        "expected a whole number, 1 or more\nFix or remove that value."
    )
    assert refused(project, {"environment": "staging"}).message == (
        "--env: 'staging' is not an environment: expected development, testing or production "
        "(for staging, use production: it keeps rows, and has the same rules)"
    )
    assert refused(project, {"lock_wait": "-1"}).message.startswith(
        "--lock-wait: '-1' is not a time"
    )
    assert refused(project, {"lock_tries": 0}).message.startswith("the argument lock_tries: 0 is")


def test_the_variables_of_this_process_count_and_do_not_show_in_the_help(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLMIG_LOCK_TRIES", "7")
    assert Config.load(project.root).lock_tries == 7
    assert "environ: 'Mapping[str, str] | None' = None" in str(signature(Config.load))


@pytest.mark.parametrize("content", [b"lock_tries = ", b"\xff", b"[tool.sqlmig"])
def test_settings_that_are_no_toml_are_refused(project: Project, content: bytes) -> None:
    path = project.write("sqlmig.toml", content)
    error = refused(project)
    assert error.message.startswith(f"{path}: ")
    assert error.remedy == "Fix the TOML of that file."


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "mongodb://file/x"),
        ({"MONGO_URL": "mongodb://c/x"}, "mongodb://c/x"),
        ({"MONGO_URL": "mongodb://c/x", "MONGODB_URI": "mongodb://b/x"}, "mongodb://b/x"),
        ({"MONGODB_URI": "mongodb://b/x", "SQLMIG_MONGO_URL": "mongodb://a/x"}, "mongodb://a/x"),
    ],
)
def test_the_mongodb_url_comes_from_the_first_variable_that_has_one(
    project: Project, variables: dict[str, str], expected: str
) -> None:
    project.write("sqlmig.toml", 'mongo = "mongodb://file/x"')
    assert Config.load(project.root, environ=variables).mongo == expected
    argument = {"mongo": "mongodb://argument/x"}
    assert Config.load(project.root, argument, environ=variables).mongo == "mongodb://argument/x"


def test_mongodb_is_production_unless_another_environment_is_named_or_it_is_embedded(
    project: Project,
) -> None:
    assert project.config().expected_mongo_environment is Environment.PRODUCTION
    assert project.config(mongo="embedded").expected_mongo_environment is Environment.DEVELOPMENT
    assert project.config(database="embedded").expected_mongo_environment is Environment.PRODUCTION
    named = project.config(mongo="embedded", environment="test")
    assert named.expected_mongo_environment is Environment.TESTING


def test_the_mongodb_url_shows_neither_in_the_settings_nor_in_errors(project: Project) -> None:
    assert "hunter2" not in repr(project.config(mongo="mongodb://u:hunter2@host/x"))
    project.write("sqlmig.toml", 'mongo = ["mongodb://u:hunter2@host/x"]')
    with pytest.raises(ConfigError) as caught:
        project.config()
    assert "hunter2" not in str(caught.value)


def test_an_argument_that_is_no_setting_is_refused(project: Project) -> None:
    with pytest.raises(ConfigError, match="unknown setting 'lock_wiat'") as caught:
        project.config(lock_wiat=3)
    assert "Did you mean lock_wait?" in str(caught.value)


@pytest.mark.parametrize("text", ["[tool]\nsqlmig = 1\n"])
def test_settings_that_are_no_table_are_refused(project: Project, text: str) -> None:
    project.write("pyproject.toml", text)
    with pytest.raises(ConfigError, match="is not a table"):
        project.config()
