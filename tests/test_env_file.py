"""The env file: variables that a developer keeps beside the project."""

from __future__ import annotations

import pytest

from sqlmig.config import Config
from sqlmig.errors import ConfigError
from sqlmig.model import Environment
from sqlmig.target.address import conninfo
from tests.project import Project


def load(project: Project, /, **environ: str) -> Config:
    return Config.load(project.root, environ=environ)


@pytest.fixture
def configured(project: Project) -> Project:
    project.write("sqlmig.toml", 'env_file = ".env"\nlock_tries = 3\n')
    return project


def test_its_variables_are_stronger_than_the_settings_and_are_remembered(
    configured: Project,
) -> None:
    path = configured.write(
        ".env",
        "# of this machine\n"
        "export DATABASE_URL='postgresql:///mine?options=-c x'\n"
        "SQLMIG_LOCK_TRIES=7\n"
        "OTHER=${SQLMIG_LOCK_TRIES}\n",
    )
    config = load(configured)
    assert config.database == "postgresql:///mine?options=-c x"
    assert config.lock_tries == 7
    assert config.origins["database"] == f"DATABASE_URL in {path}"


def test_a_variable_that_is_set_is_stronger(configured: Project) -> None:
    configured.write(".env", "SQLMIG_DATABASE_URL=postgresql:///file\n")
    assert load(configured, DATABASE_URL="postgresql:///set").database == "postgresql:///set"
    assert load(configured, PGHOST="db").database == ""
    with pytest.raises(ConfigError, match="DATABASE_URL is empty"):
        load(configured, DATABASE_URL="")


def test_it_is_read_only_where_a_setting_names_it(project: Project) -> None:
    project.write(".env", "DATABASE_URL=postgresql:///file\n")
    assert load(project).database is None


def test_a_file_that_no_setting_names_is_told_where_no_database_is_named(project: Project) -> None:
    def remedy() -> str:
        with pytest.raises(ConfigError, match="no database is named") as caught:
            conninfo(load(project))
        return caught.value.remedy

    assert ".env" not in remedy()
    project.write(".env", "OTHER=1\n")
    assert ".env" not in remedy()
    project.write(".env", "DATABASE_URL=postgresql:///file\n")
    told = 'There is a .env with DATABASE_URL; the setting env_file = ".env" reads it'
    assert remedy().endswith(f"{told} (`sqlmig init` writes it).")
    project.write("sqlmig.toml", "")
    assert remedy().endswith(f"{told}.")
    project.write(".env", "= no variable\n")
    assert ".env" not in remedy()


def test_a_file_that_does_not_exist_gives_nothing(configured: Project) -> None:
    assert load(configured).database is None


def test_it_does_not_name_the_environment(configured: Project) -> None:
    configured.write(".env", "SQLMIG_ENV=development\nDATABASE_URL=postgresql:///file\n")
    config = load(configured)
    assert config.environment is None
    assert config.expected_environment is Environment.PRODUCTION


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"A=1\n= 2\n", ":2: not a variable"),
        (b"A='open\nB=2\n", ":1: not a variable"),
        (b"A=\xff\n", ": not UTF-8"),
        (b"DATABASE_URL=\n", "DATABASE_URL in {path} is empty"),
        (b"SQLMIG_LOCK_TRIES=many\n", "SQLMIG_LOCK_TRIES in {path}: 'many' is not a count"),
    ],
)
def test_what_cannot_be_used_is_an_error_with_its_place(
    configured: Project, content: bytes, problem: str
) -> None:
    path = configured.root / ".env"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(configured)
    assert problem.format(path=path) in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.remedy


def test_a_password_in_it_does_not_show(configured: Project) -> None:
    configured.write(".env", "DATABASE_URL=postgresql://u:hunter2@h/x\n")
    assert "hunter2" not in repr(load(configured))
