"""What to do instead of a statement that keeps others waiting, and what it loses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlmig.impact.changes import ROWS, Change
from sqlmig.model import Direction
from sqlmig.source.lexer import leading_words

if TYPE_CHECKING:
    from sqlmig.impact.effects import Effect, StatementImpact

_GUIDE = "docs/zero-downtime.md"
REMEDIES = {
    "held": ("give that work a migration of its own", "one-lock-one-migration"),
    "deleted": ("delete the rows in batches", "change-many-rows"),
    "written": ("change the rows in batches", "change-many-rows"),
    "column": (
        "add it without a value, set its default, fill the old rows in batches",
        "add-a-column",
    ),
    "generated": (
        "add a plain column that a trigger fills, fill the old rows in batches; since PostgreSQL "
        "18, a VIRTUAL one needs neither",
        "add-a-column",
    ),
    "conditions": (
        "add a column of the type that the domain is based on, fill the old rows in batches, add "
        "the domain's conditions as a CHECK NOT VALID, and VALIDATE it in a later migration",
        "add-a-column",
    ),
    "type": ("add a column, fill it in batches, swap", "change-a-type"),
    "no safe form": (
        "there is no form without the lock: run it while the table is not used, and accept it with "
        "-- holds",
        "work-that-has-no-safe-form",
    ),
    "refresh": (
        "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index",
        "work-that-has-no-safe-form",
    ),
    "reindex": ("REINDEX with CONCURRENTLY, outside a transaction", "create-an-index"),
    "primary key": (
        "SET NOT NULL first, build the index CONCURRENTLY, then add the key USING INDEX",
        "add-a-unique-constraint",
    ),
    "unique": (
        "build the index CONCURRENTLY, then add the constraint USING INDEX",
        "add-a-unique-constraint",
    ),
    "key of partitions": (
        "add it to ONLY the table, to each partition USING an index built CONCURRENTLY, and attach "
        "them",
        "add-a-unique-constraint",
    ),
    "indexed": ("build it CONCURRENTLY, outside a transaction", "create-an-index"),
    "index of partitions": (
        "create it ON ONLY the table, on each partition CONCURRENTLY, and attach them",
        "create-an-index",
    ),
    "not null": (
        "first add CHECK (… IS NOT NULL) NOT VALID, and VALIDATE it in a later migration",
        "set-not-null",
    ),
    "partition": (
        "first add a CHECK that says which rows the partition has, NOT VALID, and VALIDATE it in a "
        "later migration",
        "add-a-constraint",
    ),
    "domain": (
        "add the CHECK to the columns of that type, NOT VALID, and VALIDATE it in a later "
        "migration",
        "add-a-constraint",
    ),
    "foreign key of partitions": (
        "add it to each partition NOT VALID, VALIDATE it, then add it to the table",
        "add-a-constraint",
    ),
    "scanned": (
        "add the constraint NOT VALID, and VALIDATE it in a later migration",
        "add-a-constraint",
    ),
}
_FAILS = "It fails if the table has rows"
_REQUIRED = (
    f"{_FAILS}: give it a DEFAULT, or add it nullable, fill it, then SET NOT NULL "
    f"({_GUIDE}#add-a-column)"
)
_REQUIRED_BY_DOMAIN = (
    f"{_FAILS}: the domain is NOT NULL. Give the column a DEFAULT, which rewrites the table, or "
    "add it with the type that the domain is based on, fill it, and add the conditions as a CHECK "
    f"NOT VALID ({_GUIDE}#add-a-column)"
)
_NOT_RESTORED = {
    Direction.APPLY: "unless the scripts keep a copy, a rollback cannot restore",
    Direction.ROLLBACK: "unless the scripts keep a copy, applying again cannot restore",
}


def advice(statement: StatementImpact, effect: Effect, direction: Direction) -> Iterator[str]:
    """What to do instead, where users of the table may wait for long; and, whatever its size, that
    the statement fails on rows, and what it loses."""
    if effect.changes.fails_on_rows:
        yield from _failures(effect)
    elif effect.is_harmful:
        yield instead(statement, effect)
    yield from (f"{lost} {_NOT_RESTORED[direction]} {it}" for lost, it in _losses(effect))


def instead(statement: StatementImpact, effect: Effect) -> str:
    """What to do instead."""
    if failure := next(_failures(effect), None):
        return failure
    remedy, anchor = REMEDIES[_kind(statement, effect)]
    return f"Instead: {remedy} ({_GUIDE}#{anchor})"


def _failures(effect: Effect) -> Iterator[str]:
    if _has(effect, Change.COLUMN_REQUIRED):
        yield _REQUIRED
    if _has(effect, Change.REQUIRED_BY_DOMAIN):
        yield _REQUIRED_BY_DOMAIN


def _losses(effect: Effect) -> Iterator[tuple[str, str]]:
    """What is lost, in words, and the pronoun for it."""
    for lost in effect.lost:
        if lost != ROWS:
            yield f"The data of {lost} is lost:", "it"
        elif effect.is_emptied:
            yield f"All rows of {effect.table} are lost:", "them"
        else:
            yield "The deleted rows are lost:", "them"


def _kind(statement: StatementImpact, effect: Effect) -> str:
    work = effect.work
    if not work.any:
        return "held"
    if work.written:
        return "deleted" if work.deleted else "written"
    if statement.word in ("cluster", "vacuum"):
        return "no safe form"
    if work.rewritten:
        return _of_a_rewrite(effect)
    if statement.word == "reindex":
        return "reindex"
    return _of_an_index(effect) if work.indexed else _of_a_scan(statement, effect)


def _of_a_rewrite(effect: Effect) -> str:
    kinds = effect.changes.kinds
    if Change.STORED_OTHERWISE in kinds:
        return "no safe form"
    if effect.kind == "m":
        return "refresh"
    if Change.COLUMN_ADDED not in kinds or Change.TYPE_CHANGED in kinds:
        return "type"
    if Change.CONDITIONS_ADDED in kinds:
        return "conditions"
    return "generated" if Change.GENERATED_ADDED in kinds else "column"


def _of_an_index(effect: Effect) -> str:
    kinds, is_partitioned = effect.changes.kinds, effect.kind == "p"
    if Change.EXCLUSION_ADDED in kinds:
        return "no safe form"
    if Change.KEY_ADDED in kinds:
        plain = "primary key" if Change.NOT_NULL_SET in kinds else "unique"
        return "key of partitions" if is_partitioned else plain
    if Change.TYPE_CHANGED in kinds:
        return "type"
    return "index of partitions" if is_partitioned else "indexed"


def _of_a_scan(statement: StatementImpact, effect: Effect) -> str:
    kinds = effect.changes.kinds
    if Change.NOT_NULL_SET in kinds:
        return "not null"
    if any(_has(each, Change.ATTACHED) for each in statement.effects):
        return "partition"
    if any(each.kind == "p" and _has(each, Change.REFERENCE) for each in statement.effects):
        return "foreign key of partitions"
    if any(_has(each, Change.CHECKED) for each in statement.effects):
        return "scanned"
    if statement.word == "create" and effect.kind == "p":
        return "partition"
    if _is_about_a_domain(statement):
        return "domain"
    return "held"


def _has(effect: Effect, change: Change) -> bool:
    return change in effect.changes.kinds


def _is_about_a_domain(statement: StatementImpact) -> bool:
    script = statement.script
    words = leading_words(script.text, script.statements[statement.number - 1], 2)
    return words == ("alter", "domain")
