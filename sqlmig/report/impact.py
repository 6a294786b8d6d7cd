"""Reports of what migrations do to a live database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlmig.impact.locks import Blocks
from sqlmig.model import Finding
from sqlmig.report.figures import counted, rows, size
from sqlmig.report.github import annotation
from sqlmig.report.view import Members, View

if TYPE_CHECKING:
    from sqlmig.impact.effects import Effect, Impact, MigrationImpact, StatementImpact
    from sqlmig.impact.sizes import Size

_GUIDE = "docs/zero-downtime.md"
_TEXT_WIDTH = 100
_REMEDIES = {
    "held": ("give that work a migration of its own", "one-lock-one-migration"),
    "written": ("change the rows in batches", "change-many-rows"),
    "rewritten": ("add a column, fill it in batches, swap", "change-a-type"),
    "unique": ("build the index CONCURRENTLY, then add it USING INDEX", "add-a-unique-constraint"),
    "indexed": ("build it CONCURRENTLY, outside a transaction", "create-an-index"),
    "scanned": ("add it NOT VALID, and VALIDATE in a later migration", "add-a-constraint"),
}


def impact(found: Impact) -> View:
    """Each statement that locks or works on a table, and how many findings there are."""
    lines = (line for each in found.migrations for line in _migration(each))
    return View(
        [*lines, _summary(found)],
        {
            "harmful": found.is_harmful,
            "migrations": [_members(each) for each in found.migrations],
            **({"baseline": found.baseline} if found.baseline else {}),
            **({"warnings": [*found.warnings]} if found.warnings else {}),
        },
    )


def annotated(found: Impact) -> View:
    """An annotation for each harmful effect, which GitHub shows in a pull request, and the
    summary."""
    findings = [
        annotation(Finding("impact", _sentence(effect), statement.location, _instead(effect)))
        for migration in found.migrations
        for statement in migration.statements
        for effect in statement.effects
        if effect.is_harmful
    ]
    return replace(impact(found), text=[*findings, _summary(found)])


def _migration(migration: MigrationImpact) -> Iterator[str]:
    for statement in migration.statements:
        if not statement.effects:
            continue
        yield f"{migration.migration_id}  line {statement.line}: {_shortened(statement)}"
        for effect in statement.effects:
            yield f"  {_sentence(effect)}"
            if effect.is_harmful:
                yield f"  {_instead(effect)}"


def _shortened(statement: StatementImpact) -> str:
    text = " ".join(statement.text.split())
    return text if len(text) <= _TEXT_WIDTH else f"{text[: _TEXT_WIDTH - 1]}…"


def _sentence(effect: Effect) -> str:
    """What happens to the table, and what it blocks."""
    accepted = f"; accepted: {effect.accepted}" if effect.accepted is not None else ""
    return f"{effect.table}{_size(effect.size)}: {_what(effect)}, which {_whom(effect)}{accepted}"


def _size(known: Size) -> str:
    parts = [] if known.bytes is None else [size(known.bytes)]
    if known.rows is not None:
        parts.append(rows(known.rows))
    return f" ({', '.join(parts)})" if parts else ""


def _what(effect: Effect) -> str:
    work = effect.work
    names = ("rewritten", "indexed") if work.rewritten else ("scanned", "indexed")
    done = " and ".join(name for name in names if getattr(work, name))
    if effect.is_emptied:
        return f"emptied under {effect.lock}"
    if work.written:
        return f"possibly all rows changed, under {effect.lock}"
    if done:
        return f"{done} under {effect.lock}"
    how_long = "held during other work" if effect.is_finding else "for a moment"
    return f"{effect.lock} {how_long}"


def _whom(effect: Effect) -> str:
    if effect.blocks is Blocks.NOTHING:
        return "blocks neither reads nor writes"
    if effect.locks_rows and effect.work.written and effect.blocks is Blocks.WRITES:
        return "blocks writes of these rows until COMMIT"
    return f"blocks {effect.blocks.value}{' until COMMIT' if effect.is_finding else ''}"


def _instead(effect: Effect) -> str:
    advice, anchor = _REMEDIES[_kind(effect)]
    return f"Instead: {advice} ({_GUIDE}#{anchor})"


def _kind(effect: Effect) -> str:
    work = effect.work
    if not work.any:
        return "held"
    if work.written or work.rewritten:
        return "written" if work.written else "rewritten"
    if work.indexed:
        return "unique" if effect.blocks is Blocks.READS_AND_WRITES else "indexed"
    return "scanned"


def _summary(found: Impact) -> str:
    effects = list(found.effects())
    harmful = sum(effect.is_harmful for effect in effects)
    accepted = sum(effect.is_large and effect.accepted is not None for effect in effects)
    compared = f", compared with {found.baseline}" if found.baseline else ""
    count = counted(len(found.migrations), "migration")
    large = f"larger than {size(found.large_table)}" if found.has_sizes else "whose size is unknown"
    if not found.migrations:
        return f"No migrations to analyze{compared}."
    told = f"{counted(harmful, 'finding')} on tables {large}" if harmful else "no findings"
    also = f", {accepted} accepted" if accepted else ""
    return f"{count}{compared}: {told}{also}."


def _members(migration: MigrationImpact) -> Members:
    return {
        "id": migration.migration_id,
        "statements": [
            {
                "number": statement.number,
                "line": statement.line,
                "text": statement.text,
                "effects": [_effect(effect) for effect in statement.effects],
            }
            for statement in migration.statements
        ],
    }


def _effect(effect: Effect) -> Members:
    return {
        "table": effect.table,
        "lock": str(effect.lock),
        "blocks": effect.blocks.value,
        "scanned": effect.work.scanned,
        "rewritten": effect.work.rewritten,
        "indexed": effect.work.indexed,
        "bytes": effect.size.bytes,
        "rows": effect.size.rows,
        "accepted": effect.accepted is not None,
    }
