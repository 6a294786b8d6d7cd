"""Reports of what migrations do to a live database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlmig.impact.locks import Blocks
from sqlmig.model import Finding
from sqlmig.report.advice import advice, instead
from sqlmig.report.figures import counted, rows, size
from sqlmig.report.github import annotation
from sqlmig.report.view import Members, View

if TYPE_CHECKING:
    from sqlmig.impact.effects import Effect, Impact, MigrationImpact, StatementImpact
    from sqlmig.impact.sizes import Size

_TEXT_WIDTH = 100
_EMBEDDED = "Sizes of the embedded server, not of production: every table counts as large."
_NOTHING_PENDING = (
    "Nothing is pending: no migration to check. `--all` checks those that are applied, too."
)


def impact(found: Impact, *, is_pending: bool = False) -> View:
    """Each statement that locks or works on a table, and how many findings there are;
    `is_pending` says that only pending migrations were asked for."""
    lines = (line for each in found.migrations for line in _migration(each))
    sizes = [_EMBEDDED] if _has_embedded_sizes(found) else []
    return View(
        [*lines, *sizes, _summary(found, is_pending=is_pending)],
        {
            "harmful": found.is_harmful,
            "migrations": [_members(each) for each in found.migrations],
            **({"baseline": found.baseline} if found.baseline else {}),
            **({"warnings": [*found.warnings]} if found.warnings else {}),
        },
    )


def annotated(found: Impact, *, is_pending: bool = False) -> View:
    """An annotation for each harmful effect, which GitHub shows in a pull request, and the
    summary."""
    findings = [
        annotation(
            Finding("impact", _sentence(effect), statement.location, instead(statement, effect))
        )
        for migration in found.migrations
        for statement in migration.statements
        for effect in statement.effects
        if effect.is_harmful
    ]
    return replace(impact(found), text=[*findings, _summary(found, is_pending=is_pending)])


def _migration(migration: MigrationImpact) -> Iterator[str]:
    for statement in migration.statements:
        if not statement.effects:
            continue
        yield f"{migration.migration_id}  line {statement.line}: {_shortened(statement)}"
        for effect in statement.effects:
            yield f"  {_sentence(effect)}"
            yield from (f"  {line}" for line in advice(statement, effect, migration.direction))


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


def _summary(found: Impact, *, is_pending: bool) -> str:
    compared = f", compared with {found.baseline}" if found.baseline else ""
    if not found.migrations:
        return _NOTHING_PENDING if is_pending else f"No migration to check{compared}."
    effects = list(found.effects())
    harmful = sum(effect.is_harmful for effect in effects)
    accepted = sum(effect.is_large and effect.accepted is not None for effect in effects)
    count = counted(len(found.migrations), "migration")
    told = f"{counted(harmful, 'finding')}{_on_which(found)}" if harmful else "no findings"
    also = f", {accepted} accepted" if accepted else ""
    return " ".join([f"{count}{compared}: {told}{also}.", *_losses_and_failures(found)])


def _losses_and_failures(found: Impact) -> Iterator[str]:
    statements = [each for migration in found.migrations for each in migration.statements]
    losing = sum(any(effect.lost for effect in each.effects) for each in statements)
    failing = sum(any(e.changes.fails_on_rows for e in each.effects) for each in statements)
    if losing:
        yield f"{counted(losing, 'statement')} {'loses' if losing == 1 else 'lose'} data."
    if failing:
        verb, whose = ("fails", "its table has") if failing == 1 else ("fail", "their tables have")
        yield f"{counted(failing, 'statement')} {verb} if {whose} rows."


def _on_which(found: Impact) -> str:
    if _has_embedded_sizes(found):
        return ""
    if found.is_embedded or not found.has_sizes:
        return " on tables whose size is unknown"
    return f" on tables larger than {size(found.large_table)}"


def _has_embedded_sizes(found: Impact) -> bool:
    return found.is_embedded and any(each.size.bytes is not None for each in found.effects())


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
        "lost": [*effect.lost],
        "fails_on_rows": effect.changes.fails_on_rows,
    }
