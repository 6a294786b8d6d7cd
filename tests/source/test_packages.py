"""Migrations that a package carries: in a folder, in a zip file, in a namespace."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sqlmig import Config, ConfigError, Migrator, SourceError
from sqlmig.operations.validation import validate
from sqlmig.project.init import write_starter
from tests.database import Database
from tests.project import Project

FOLDERS = {
    name: f"package:carrier/sql/{name}" for name in ("migrations", "rollbacks", "seeds", "checks")
}
TABLE = "create table invoices (id int primary key);"


@pytest.fixture(autouse=True)
def import_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test puts on the import path is gone at its end."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("carrier", None)
    importlib.invalidate_caches()


@pytest.fixture
def carrier(project: Project) -> Project:
    """A package with migrations, a seed and a check; not importable yet."""
    package = Project(project.root / "carrier")
    package.write("__init__.py", "")
    package.migration("001_invoices", TABLE, "drop table invoices;")
    package.migration("002_lines", "create table lines ();", "drop table lines;")
    package.write("sql/seeds/reference/001_invoice.sql", "insert into invoices values (1);")
    package.write("sql/checks/001_count.sql", "-- No invoice 7\nselect 1 from invoices where id=7")
    return package


def installed(package: Project) -> Config:
    sys.path.insert(0, str(package.root.parent))
    return Config.load(package.root.parent, FOLDERS, environ={})


def zipped(package: Project, tmp_path: Path) -> Config:
    archive = shutil.make_archive(str(tmp_path / "carrier"), "zip", package.root.parent, "carrier")
    shutil.rmtree(package.root)
    sys.path.insert(0, archive)
    return Config.load(tmp_path, FOLDERS, environ={})


@pytest.mark.parametrize("how", ["folder", "zip", "namespace"])
def test_a_package_carries_all_that_a_project_has(
    carrier: Project, tmp_path: Path, database: Database, how: str
) -> None:
    if how == "namespace":
        carrier.remove("__init__.py")
    config = zipped(carrier, tmp_path) if how == "zip" else installed(carrier)
    config = Config.load(tmp_path, {**FOLDERS, "database": database.url}, environ={})
    migrator = Migrator(config)
    assert [file.migration_id for file in migrator.validate()] == ["001_invoices", "002_lines"]
    report = migrator.apply()
    assert [check.name for check in report.checks] == ["001_count"]
    assert [seed.name for seed in migrator.seed().results] == ["reference/001_invoice"]
    assert database.tables() == {"invoices", "lines"}


@pytest.mark.parametrize("how", ["folder", "zip"])
def test_the_checksums_are_those_of_the_same_files_in_a_folder(
    carrier: Project, tmp_path: Path, how: str
) -> None:
    expected = [file.file.script.checksum for file in carrier.files()]
    config = zipped(carrier, tmp_path) if how == "zip" else installed(carrier)
    assert [file.file.script.checksum for file in validate(config)] == expected


def test_an_error_in_a_zip_file_names_the_archive_the_file_and_the_place(
    carrier: Project, tmp_path: Path
) -> None:
    carrier.migration("003_typo", "-- transactionl: false\nselect 1;")
    config = zipped(carrier, tmp_path)
    with pytest.raises(SourceError) as raised:
        validate(config)
    place = f"{tmp_path}/carrier.zip/carrier/sql/migrations/003_typo.sql:1:1"
    assert str(raised.value).startswith(f"{place}: unknown directive")


def test_an_error_in_a_folder_below_this_one_has_a_short_path(
    carrier: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier.migration("003_typo", "-- transactionl: false\nselect 1;")
    config = installed(carrier)
    monkeypatch.chdir(carrier.root.parent)
    with pytest.raises(SourceError, match=r"^carrier/sql/migrations/003_typo\.sql:1:1: "):
        validate(config)


@pytest.mark.parametrize("how", ["folder", "zip"])
def test_a_subfolder_of_scripts_is_refused_unless_it_is_that_of_the_rollbacks(
    carrier: Project, tmp_path: Path, how: str
) -> None:
    shutil.move(carrier.root / "sql/rollbacks", carrier.root / "sql/migrations/rollbacks")
    carrier.write("sql/migrations/old/000_old.sql", "select 1;")
    config = zipped(carrier, tmp_path) if how == "zip" else installed(carrier)
    folders = {**FOLDERS, "rollbacks": "package:carrier/sql/migrations/rollbacks"}
    config = Config.load(tmp_path, folders, environ={})
    with pytest.raises(SourceError, match=r"migrations/old: a subfolder with \.sql files"):
        validate(config)


def test_a_package_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    config = Config.load(tmp_path, {"migrations": "package:nowhere/sql"}, environ={})
    with pytest.raises(ConfigError, match=r"package:nowhere/sql: No module named 'nowhere'"):
        validate(config)


@pytest.mark.parametrize("value", ["package:", "package:/sql", "package:a/../b", "package:a b/sql"])
def test_what_names_no_folder_of_a_package_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError, match="is not a folder of a package"):
        Config.load(tmp_path, {"migrations": value}, environ={})


def test_a_folder_that_the_package_does_not_have_is_named(carrier: Project) -> None:
    installed(carrier)
    config = Config.load(carrier.root, {"migrations": "package:carrier/none"}, environ={})
    with pytest.raises(ConfigError, match="carrier/none: no such folder"):
        validate(config)


def test_what_writes_migrations_refuses_an_archive(carrier: Project, tmp_path: Path) -> None:
    zipped(carrier, tmp_path)
    (tmp_path / "sqlmig.toml").write_text('migrations = "package:carrier/sql/migrations"')
    with pytest.raises(ConfigError, match="is inside an archive"):
        write_starter(tmp_path)


@pytest.mark.parametrize("sources", ["", "src/"])
def test_a_checkout_has_its_package_though_it_is_not_installed(
    project: Project, sources: str
) -> None:
    project.write(f"{sources}not_installed/__init__.py", "raise SystemExit('was run')")
    project.write(f"{sources}not_installed/sql/001_a.sql", "select 1;")
    project.write("sqlmig.toml", 'migrations = "package:not_installed/sql"')
    folder = Config.load(project.root, environ={}).migrations_folder
    assert [path.name for path in folder.iterdir()] == ["001_a.sql"]
