"""The picture has the tables with their keys, and every reference with its cardinality."""

from __future__ import annotations

import pytest

from sqlmig.document.model import Column, ForeignKey, Kind, QualifiedName, Relation
from sqlmig.document.picture import draw

some = pytest.mark.parametrize


def table(
    name: str, *targets: str, columns: int = 1, schema: str = "public", width: int = 1
) -> Relation:
    """A table with a reference to each of those."""
    keys = tuple(
        ForeignKey(f"fk_{target}", (f"{target}_id",), QualifiedName(schema, target), False, False)
        for target in targets
    )
    names = ["id", *(f"{target}_id" for target in targets)]
    names += [f"c{number}{'x' * width}" for number in range(columns)]
    found = tuple(Column(each, "integer", False, "", "") for each in names)
    return Relation(
        QualifiedName(schema, name),
        Kind.TABLE,
        "",
        columns=found,
        foreign_keys=keys,
        key=("id",),
    )


def edge(*, is_nullable: bool, is_unique: bool) -> str:
    key = ForeignKey("fk", ("a", "b"), QualifiedName("public", "t"), is_nullable, is_unique)
    child = Relation(QualifiedName("public", "c"), Kind.TABLE, "", foreign_keys=(key,))
    (diagram,) = draw([child, table("t")], ()).diagrams
    return diagram.splitlines()[-1].strip()


def test_an_edge_says_how_many_rows_there_are_on_both_sides() -> None:
    assert edge(is_nullable=False, is_unique=False) == '"t" ||--o{ "c" : "a, b"'
    assert edge(is_nullable=True, is_unique=False) == '"t" |o--o{ "c" : "a, b"'
    assert edge(is_nullable=False, is_unique=True) == '"t" ||--o| "c" : "a, b"'
    assert edge(is_nullable=True, is_unique=True) == '"t" |o--o| "c" : "a, b"'


def test_keys_are_marked() -> None:
    (diagram,) = draw([table("a", "b"), table("b")], ()).diagrams
    assert diagram.splitlines()[1:6] == [
        '  "a" {',
        "    integer id PK",
        "    integer b_id FK",
        "    integer c0x",
        "  }",
    ]


@some(
    ("type_", "drawn"),
    [
        ("character varying(20)", "varchar"),
        ("numeric(12,2)[]", "numeric[]"),
        ("timestamp(3) with time zone", "timestamptz"),
        ("timestamp without time zone", "timestamp"),
        ("double precision", "double"),
        ('text COLLATE "C"', "text"),
        ('hr."Big Type"', "hr.＂Big_Type＂"),
        ("interval day to second(3)", "interval_day_to_second"),
    ],
)
def test_types_are_one_word_each(type_: str, drawn: str) -> None:
    column = Column("x", type_, True, "", "")
    relation = Relation(QualifiedName("public", "t"), Kind.TABLE, "", columns=(column,))
    (diagram,) = draw([relation], ()).diagrams
    assert f"    {drawn} x" in diagram.splitlines()


def test_tables_can_be_left_out_by_name_schema_and_pattern() -> None:
    tables = [table("a", "log"), table("log"), table("x_log"), table("a", schema="app")]
    pictures = draw(tables, ["*log", "app.a", "none_*"])
    assert pictures.diagrams[0].splitlines()[1] == '  "a" {'
    assert "log_id" in pictures.diagrams[0]
    assert pictures.diagrams[0].count('"') == 2
    assert pictures.unknown == ("none_*",)


def test_with_all_tables_left_out_there_is_no_picture() -> None:
    assert draw([table("a")], ["*"]).diagrams == ()


def test_a_partition_is_not_drawn() -> None:
    parent = QualifiedName("public", "whole")
    part = Relation(QualifiedName("public", "part"), Kind.TABLE, "", parent=parent)
    (diagram,) = draw([table("whole"), part], ()).diagrams
    assert "part" not in diagram


def test_up_to_40_tables_are_one_picture() -> None:
    assert len(draw([table(f"t{number}") for number in range(40)], ()).diagrams) == 1


def test_more_than_20_tables_are_not_drawn_side_by_side() -> None:
    tables = [table(f"t{number}") for number in range(21)]
    assert "direction LR" in draw(tables, ()).diagrams[0]
    assert "direction" not in draw(tables[:20], ()).diagrams[0]


def test_more_are_one_for_each_group_that_references_connect() -> None:
    chain = [table(f"a{n:02}", *([f"a{n - 1:02}"] if n else [])) for n in range(20)]
    star = [table("hub"), *(table(f"spoke{n:02}", "hub") for n in range(20))]
    itself = table("tree", "tree")
    pictures = draw([*chain, *star, itself, table("z")], ())
    assert [diagram.count(" {\n") for diagram in pictures.diagrams] == [20, 21]
    assert [diagram.count("--") for diagram in pictures.diagrams] == [19, 20]
    assert [name.name for name in pictures.alone] == ["tree", "z"]


def test_a_group_of_more_than_40_tables_shows_only_keys() -> None:
    (diagram,) = draw([table("hub"), *(table(f"s{n}", "hub") for n in range(40))], ()).diagrams
    assert "integer id PK" in diagram
    assert "integer hub_id FK" in diagram
    assert "c0x" not in diagram


def test_a_picture_is_never_longer_than_mermaid_accepts() -> None:
    wide = [table(f"t{n}", "t0", columns=50, width=40) for n in range(40)]
    (diagram,) = draw(wide, ()).diagrams
    assert len(diagram) <= 50_000
    assert "integer id PK" in diagram
    many = [table(f"{n}{'t' * 59}", f"0{'t' * 59}") for n in range(300)]
    (diagram,) = draw(many, ()).diagrams
    assert "{\n" not in diagram
    assert diagram.count("--") == 300


def test_two_names_that_are_drawn_alike_stay_two_tables() -> None:
    (diagram,) = draw([table("a"), table("public.a", schema="x"), table("x.public.a")], ()).diagrams
    assert [line for line in diagram.splitlines() if line.endswith("{")] == [
        '  "a" {',
        '  "x.public.a" {',
        '  "x.public.a_" {',
    ]
