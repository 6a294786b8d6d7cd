"""What a file may hold whose statement is repeated until it writes no rows."""

from __future__ import annotations

import pytest

from sqlmig.errors import DirectiveError, SourceError, UnusableFilesError
from sqlmig.model import Directives, Position
from sqlmig.source.directives import FileKind
from sqlmig.source.files import script_from_bytes
from sqlmig.source.head import read_head
from sqlmig.source.script import prepare

REPEATED = Directives(until_no_rows=True)
CHOSEN = "select id from t where x is null limit 10"


def refused(text: str) -> list[tuple[str, Position | None]]:
    """The messages, each with its place."""
    with pytest.raises(SourceError) as caught:
        prepare(script_from_bytes("001_a.sql", text.encode()), REPEATED)
    errors = getattr(caught.value, "errors", (caught.value,))
    assert all(error.remedy for error in errors)
    return [(error.message, error.location.position) for error in errors]


@pytest.mark.parametrize(
    "text",
    [
        f"update t set x = 1 where id in ({CHOSEN});",
        f"UPDATE t SET x = 1 WHERE id IN ({CHOSEN})",
        f"delete from t where ctid = any (array({CHOSEN}))",
        "insert into u select * from t where not exists (select from u) limit 10",
        "insert into u select * from t fetch first 10 rows only",
        f"with chosen as ({CHOSEN}) update t set x = 1 from chosen c where c.id = t.id",
        f"with recursive a(n) as (select 1), b as ({CHOSEN}) delete from t using b",
        f"with update as ({CHOSEN}), insert as (select 1) insert into t table update",
        f"with gone as (delete from t where id in ({CHOSEN}) returning *) insert into u table gone",
        f"update t set x = 1 where id in ({CHOSEN} for update)",
        f"begin; update t set x = 1 where id in ({CHOSEN}); commit;",
    ],
)
def test_one_statement_that_writes_some_rows_is_accepted(text: str) -> None:
    script = prepare(script_from_bytes("001_a.sql", text.encode()), REPEATED)
    assert len(script.statements) == 1


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("\n  select 1 limit 1", "only for UPDATE, DELETE and INSERT", Position(2, 3)),
        (f"with a as ({CHOSEN}) select * from a", "only for UPDATE, DELETE", Position(1, 1)),
        (f"with update as ({CHOSEN}) table update", "only for UPDATE, DELETE", Position(1, 1)),
        ("create index i on t (x)", "only for UPDATE, DELETE", Position(1, 1)),
        ("do $$begin update t set x = 1 limit 1; end$$", "only for UPDATE", Position(1, 1)),
        ("-- all\nupdate t set x = 1", "has no LIMIT", Position(2, 1)),
        ('update t set "limit" = 1', "has no LIMIT", Position(1, 1)),
        ("update t set x = 'limit 10' /* limit 10 */", "has no LIMIT", Position(1, 1)),
        ("insert into u select * from t limit all", "has no LIMIT", Position(1, 1)),
        (
            f"update t set x = 1 where id in ({CHOSEN} for update skip /* */ Locked)",
            "SKIP LOCKED would end this",
            Position(1, 1),
        ),
    ],
)
def test_what_cannot_be_repeated_is_refused_at_its_place(
    text: str, message: str, position: Position
) -> None:
    ((told, place),) = refused(text)
    assert message in told
    assert place == position


def test_a_second_statement_is_refused_at_its_place() -> None:
    ((told, place),) = refused(f"update t set x = 1 where id in ({CHOSEN});\nanalyze t;")
    assert "only one statement" in told
    assert place == Position(2, 1)


def test_the_same_statements_are_accepted_in_a_file_that_is_not_repeated() -> None:
    text = b"update t set x = 1; select 1"
    assert len(prepare(script_from_bytes("001_a.sql", text), Directives()).statements) == 2


def test_the_directive_has_one_value_and_is_for_migrations_alone() -> None:
    text = "-- repeat: until no rows\nupdate t set x = 1"
    assert read_head("001_a.sql", text, FileKind.MIGRATION)[0] == REPEATED
    for wrong, kind in (
        (text, FileKind.ROLLBACK),
        ("-- repeat: true\nselect 1", FileKind.MIGRATION),
    ):
        with pytest.raises(DirectiveError):
            read_head("001_a.sql", wrong, kind)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_it_excludes_the_mode_without_a_transaction(order: tuple[int, int]) -> None:
    lines = "-- repeat: until no rows", "-- transactional: false"
    text = "\n".join([*(lines[index] for index in order), "select 1"])
    with pytest.raises(DirectiveError, match="cannot have both") as caught:
        read_head("001_a.sql", text, FileKind.MIGRATION)
    assert not isinstance(caught.value, UnusableFilesError)
    assert caught.value.location.position == Position(2, 1)
    assert read_head("a", text.replace("false", "true"), FileKind.MIGRATION)[0] == REPEATED
