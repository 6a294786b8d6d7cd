"""Columns that a rollback adds in a way that works on an empty table alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlmig.proof.catalog import ObjectName, SchemaSnapshot
from sqlmig.proof.difference import names_of_wholes

# What a script says that adds a column nullable, fills it, and only then requires it.
_LATER = re.compile(
    r"\bset\s+not\s+null\b|\badd\s+(?:constraint\s+\S+\s+)?primary\s+key\b", re.IGNORECASE
)
_FILLED = ("default: ", "identity: ", "generated: ")


def required_columns(before: SchemaSnapshot, after: SchemaSnapshot, text: str) -> Iterator[str]:
    """The columns that a script with that text has added to tables that were there before, as NOT
    NULL and without a value for the rows: the server refuses that where there are any."""
    if before.objects == after.objects or _LATER.search(text):
        return
    gone = {_without_name(before.objects[name]) for name in before.objects.keys() - after.objects}
    for name in sorted(after.objects.keys() - before.objects.keys()):
        lines = after.objects[name].splitlines()
        is_new = name.kind == "table column" and "attislocal: true" in lines
        if not (is_new and "not null: true" in lines) or _has_value(lines):
            continue
        wholes = (ObjectName("table", whole) for whole in names_of_wholes(name, ""))
        is_renamed = _without_name(after.objects[name]) in gone
        if not is_renamed and any(whole in before.objects for whole in wholes):
            yield name.name


def _has_value(lines: list[str]) -> bool:
    return any(line.startswith(_FILLED) for line in lines)


def _without_name(definition: str) -> str:
    return re.sub(r"^attname: .*$", "", definition, flags=re.MULTILINE)
