"""Every kind of object is seen, and every change of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sqlmig.proof.catalog import SchemaSnapshot, snapshot
from sqlmig.proof.difference import differences
from sqlmig.proof.omissions import CATALOGS, COLUMNS
from sqlmig.proof.walk import SURVEY, Catalog
from sqlmig.proof.watch import Watch
from sqlmig.proof.wording import LABELS, WORDS
from sqlmig.proof.writing import WRITTEN
from tests.database import Database
from tests.proof.kinds import KINDS, SURROUNDINGS, Kind

ALTERATIONS = [
    pytest.param(
        kind,
        alteration,
        id=f"{kind.name}: {alteration}",
        # The short form tries some of each kind.
        marks=[pytest.mark.long_form] if number % 4 else [],
    )
    for kind in KINDS
    for number, alteration in enumerate(kind.alterations)
]


@pytest.fixture(autouse=True)
def surroundings(database: Database) -> Iterator[None]:
    database.execute(SURROUNDINGS)
    yield
    query = "SELECT subname FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid "
    for (name,) in database.rows(query + "WHERE datname = current_database()"):
        database.execute(f"DROP SUBSCRIPTION {name}")  # with one, no database can be dropped


def seen(database: Database) -> SchemaSnapshot:
    return snapshot(database.connection)


def catalogs(database: Database) -> list[Catalog]:
    return [Catalog.of(row) for row in database.rows(SURVEY)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_made_is_seen_what_is_dropped_is_gone_and_made_again_it_is_the_same(
    database: Database, kind: Kind
) -> None:
    database.execute(kind.before)
    before = seen(database)
    database.execute(kind.create)
    first = seen(database)
    assert differences(before, first)
    database.execute(kind.drop)
    assert differences(before, seen(database)) == ()
    database.execute(kind.create)
    assert differences(first, seen(database)) == ()


@pytest.mark.parametrize(("kind", "alteration"), ALTERATIONS)
def test_every_alteration_is_seen_also_by_one_who_reads_only_what_is_new(
    database: Database, kind: Kind, alteration: str
) -> None:
    with database.another_connection() as connection:
        watch = Watch(connection)
        watch.look()
        database.execute(kind.before)
        database.execute(kind.create)
        before = watch.look()
        database.execute(alteration)
        found = differences(before, seen(database))
        assert found
        assert all(list(each.lines()) for each in found)
        assert watch.look() == seen(database)


def test_every_catalogue_of_the_server_is_seen_in_some_kind_or_left_out_with_a_reason(
    database: Database,
) -> None:
    unseen = {catalog.name for catalog in catalogs(database)}
    before = counts(database)
    for kind in KINDS:
        with database.connection.transaction(force_rollback=True):
            database.execute(kind.before + kind.create)
            unseen -= {name for name, count in counts(database).items() if count > before[name]}
    assert unseen == set(CATALOGS)


def counts(database: Database) -> dict[str, int]:
    """How many rows of each catalogue make up what a snapshot would have."""
    return {
        catalog.name: sum(
            len(database.rows(lines.replace("%(own_role)s", "0"))) for lines in catalog.queries()
        )
        for catalog in catalogs(database)
        if catalog.is_walked
    }


def test_what_is_left_out_or_written_otherwise_exists(database: Database) -> None:
    columns = {catalog.name: catalog.columns for catalog in catalogs(database)}
    assert set(CATALOGS) <= set(columns)
    of_other_versions = {("pg_class", "relallfrozen"), ("pg_attribute", "attcacheoff")}
    named = {(catalog, column) for catalog in COLUMNS for column in COLUMNS[catalog]}
    named |= {(catalog, column) for catalog in WRITTEN for column in WRITTEN[catalog]}
    assert not [
        catalog for catalog in WRITTEN if WRITTEN[catalog].keys() & COLUMNS.get(catalog, {}).keys()
    ]
    unknown = {(c, n) for c, n in named if n not in columns[c]}
    assert unknown <= of_other_versions


def test_each_column_that_is_told_in_words_is_one_of_one_catalogue(database: Database) -> None:
    walked = [catalog.columns for catalog in catalogs(database) if catalog.is_walked]
    for column in {*LABELS, *WORDS} - {"conenforced"}:  # which PostgreSQL has since 18
        assert sum(column in columns for columns in walked) == 1, column


def test_no_two_letters_of_a_column_are_told_as_the_same_word() -> None:
    for column, words in WORDS.items():
        assert len(set(words.values())) == len(words), column
        assert column in LABELS


def test_every_expression_is_written_by_the_server(database: Database) -> None:
    for catalog in catalogs(database):
        for column, kind in catalog.columns.items():
            if kind == "pg_node_tree" and catalog.is_walked:
                assert column in {**WRITTEN.get(catalog.name, {}), **COLUMNS.get(catalog.name, {})}
