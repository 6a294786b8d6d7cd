"""Files of other tools: refused at their first marker; prose and strings stay what they are."""

from __future__ import annotations

import pytest

from sqlmig.errors import SourceError
from sqlmig.model import Position
from sqlmig.source.directives import FileKind
from sqlmig.source.foreign import refuse_foreign
from tests.command import Run
from tests.database import Database
from tests.project import Project

UP, DOWN = "create table kept (x int);", "drop table kept;"
FILES = {
    "dbmate": [
        f"-- migrate:up\n{UP}\n-- migrate:down\n{DOWN}\n",
        f"--migrate:up transaction:false\r\n{UP}\r\n-- migrate:down\r\n{DOWN}",
        f"-- A table\n\n--  migrate:up\n{UP}",
    ],
    "goose": [
        f"-- +goose Up\n-- +goose StatementBegin\n{UP}\n-- +goose StatementEnd\n"
        f"-- +goose Down\n{DOWN}",
        f"-- +goose NO TRANSACTION\n-- +goose Up\n{UP}",
        f"-- +goose ENVSUB ON\n{UP}",
        f"{UP}\n  --   +goose  DOWN  \n{DOWN}",
        f"{UP}\r\n\t--\t+goose Down -- and it is gone\r\n{DOWN}",
    ],
    "sql-migrate": [
        f"-- +migrate Up notransaction\n{UP}\n-- +migrate Down\n{DOWN}",
        f"-- +migrate Up\n{UP}\n-- +migrate Down notransaction, slowly\n{DOWN}",
        f"-- +migrate StatementBegin\n{UP}\n-- +migrate StatementEnd",
    ],
    "micrate": [f"-- +micrate Up\n{UP}\n\n-- +micrate Down\n{DOWN}"],
    "MyBatis Migrations": [
        f"{UP}\n--//@UNDO\n{DOWN}",
        f"--// First\n{UP}\n-- //@UNDO\n{DOWN}",
        f"{UP}\n-- @undo\n{DOWN}",
    ],
    "Rambler": [f"-- rambler up\n{UP}\n-- rambler down\n{DOWN}"],
    "tern": [
        f"{UP}\n\n---- create above / drop below ----\n\n{DOWN}",
        f"{UP}\r---- Create above/drop below\r{DOWN}",
    ],
    "Atlas": [f"-- atlas:txtar\n\n-- migration.sql --\n{UP}\n-- down.sql --\n{DOWN}"],
    "another tool": [
        f"-- Up\n{UP}\n-- Down\n{DOWN}",
        f"-- UP:\r\n{UP}\r\n-- DOWN:\r\n{DOWN}",
        f"{UP}\n--- @down\n{DOWN}",
        f"{UP}\r-- [Down]\r{DOWN}",
        f"-- migration: up\n{UP}\n-- migrate down\n{DOWN}",
        f"-- ---- UP ----\n{UP}\n-- ---- DOWN ----\n{DOWN}",
    ],
    "Play evolutions": [
        f"# --- !Ups\n{UP}\n# --- !Downs\n{DOWN}",
        f"-- !Ups\n{UP}\n-- !Downs\n{DOWN}",
    ],
    "shmig": [f"-- ====  UP  ====\n{UP}\n-- ==== DOWN ====\n{DOWN}"],
    "Liquibase": [
        f"--liquibase formatted sql\n\n--changeset me:1\n{UP}\n--rollback {DOWN}",
        f"-- changeset me:1 runOnChange:true\n{UP}",
        f"{UP}\n--rollback {DOWN}",
        f"{UP}\n--rollback not required",
    ],
    "node-pg-migrate": [
        f"-- Up Migration\n{UP}\n\n-- Down Migration\n{DOWN}",
        f"{UP}\n--- down   migration\n{DOWN}",
        f"-- Up Migration\n\n-- Down Migration\n{DOWN}",
        f"-- Up Migration:\n{UP}\n---- Down Migration ----\n{DOWN}",
    ],
}
CASES = [(tool, text) for tool, texts in FILES.items() for text in texts]


def refused(text: str, kind: FileKind = FileKind.MIGRATION) -> SourceError:
    with pytest.raises(SourceError) as caught:
        refuse_foreign("001_a.sql", text, kind)
    return caught.value


def first_marker(text: str) -> Position:
    """The first line that is a comment and no plain title of a file."""
    lines = text.splitlines()
    number, line = next(
        (number, line)
        for number, line in enumerate(lines, 1)
        if "--" in line and "A table" not in line and "First" not in line
    )
    return Position(number, line.index("--") + 1)


@pytest.mark.parametrize("kind", FileKind)
@pytest.mark.parametrize(("tool", "text"), CASES)
def test_a_file_of_another_tool_is_refused_at_its_first_marker(
    tool: str, text: str, kind: FileKind
) -> None:
    error = refused(text, kind)
    assert error.message.startswith(f"a marker of {tool}, ")
    assert error.location.position == first_marker(text)
    assert (error.exit_code, bool(error.remedy)) == (2, True)


@pytest.mark.parametrize("kind", FileKind)
@pytest.mark.parametrize(
    "text",
    [
        f"-- This replaces what stood below migrate:down in the old file\n{UP}",
        f"-- migrate:down is the rollback file here\n{UP}",
        f"-- rollback plan: drop the table\n-- Rollback: see below\n{UP}",
        f"--rollback plan: restore the dump\n{UP}",
        f"-- rollback drop table kept\n{UP}",
        f"-- changeset of May: one table\n{UP}",
        f"-- the changeset me:1 of Liquibase\n{UP}",
        f"-- We used +goose Down before\n{UP}",
        f"{UP} -- migrate:down",
        f"{UP}\n-- down migration: none is needed\nselect 1;",
        f"-- Deploy flipr:appschema to pg\n\nBEGIN;\n{UP}\nCOMMIT;",
        "insert into directions values\n-- up\n(1),\n-- down\n(2);",
        f"{UP}\n-- Down:\n-- {DOWN}\n",
        f"-- Up and down are\n-- directions\n{UP}\n-- This winds down.\nselect 1;",
        f"-- Add up migration script here\n{UP}",
        f"-- ======\n-- The sum = up = down\n-- ======\n{UP}",
        "insert into t values ('\n-- migrate:down\n');",
        "create function f() returns text language sql as $$ select '\n-- +goose Down\n' $$;",
        "do $$ begin\n-- +migrate Down\nnull; end $$;",
        "/*\n-- migrate:up\n-- migrate:down\n*/ select 1;",
        "copy t from stdin;\n-- migrate:up\n--//@UNDO\n\\.\nselect 1;",
        'create table t ("\n-- rambler down\n" int);',
    ],
)
def test_prose_strings_bodies_and_rows_are_no_markers(text: str, kind: FileKind) -> None:
    refuse_foreign("001_a.sql", text, kind)


@pytest.mark.parametrize("title", ["-- {} migration", "-- === {} ==="])
def test_a_title_of_the_only_half_is_just_a_comment(title: str) -> None:
    refuse_foreign("001_a.sql", f"{title.format('Up')}\n{UP}", FileKind.MIGRATION)
    refuse_foreign("001_a.sql", f"{title.format('DOWN')}\n{DOWN}", FileKind.ROLLBACK)
    refused(f"{title.format('Down')}\n{DOWN}", FileKind.MIGRATION)
    refused(f"{title.format('Up')}\n{UP}", FileKind.ROLLBACK)
    refused(f"{UP}\n{title.format('Up')}\n{UP}", FileKind.MIGRATION)


@pytest.mark.parametrize(
    "path",
    [
        *("sql/migrations/001_a.sql", "sql/rollbacks/001_a.sql"),
        *("sql/seeds/reference/1_a.sql", "sql/checks/1_a.sql"),
    ],
)
def test_validate_and_apply_refuse_it_wherever_it_stands_and_run_nothing(
    project: Project, database: Database, path: str
) -> None:
    project.migration("001_a", UP, DOWN)
    file = project.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"-- migrate:up\n{UP}\n-- migrate:down\n{DOWN}\n")
    command = "apply" if "migrations" in path or "rollbacks" in path else "validate"
    for each in {command, "validate"}:
        done = Run(project.root, database.url)(each)
        assert done.returncode == 2
        assert f"Error: {path}:1:1: a marker of dbmate, which sqlmig does not read" in done.stderr
    assert not database.tables()
