"""Reports of the schema document: the state of its file, and what was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlmig.document.file import DocumentState
from sqlmig.model.printable import split_lines
from sqlmig.report.view import Members, View

if TYPE_CHECKING:
    from sqlmig.document.file import FoundDocument, SchemaDocument

_FOUND: Mapping[DocumentState, str] = {
    DocumentState.CURRENT: "{} is up to date.",
    DocumentState.STALE: "{} is out of date (-: the file, +: what the migrations make). "
    "Update it with `sqlmig schema`.",
    DocumentState.EDITED: "{} was edited after sqlmig wrote it (-: the file, +: what the "
    "migrations make). Put notes into COMMENT ON in a migration; then run `sqlmig schema`.",
    DocumentState.FOREIGN: "{} was not written by `sqlmig schema`. Name another file with --output "
    "or the setting `schema_document`.",
    DocumentState.MISSING: "{} does not exist. Create it with `sqlmig schema`.",
}
_WRITTEN: Mapping[DocumentState, str] = {
    **_FOUND,
    DocumentState.STALE: "updated  {}",
    DocumentState.EDITED: "updated  {}, which had been edited",
    DocumentState.MISSING: "created  {}",
}
_WITH_DIFFERENCE = (DocumentState.STALE, DocumentState.EDITED)


def checked(document: SchemaDocument, found: FoundDocument) -> View:
    """Whether the file is current, and how it differs."""
    shown = found.difference.removesuffix("\n") if found.state in _WITH_DIFFERENCE else ""
    lines = split_lines(shown) if shown else []
    return View([*lines, _FOUND[found.state].format(found.path)], _members(document, found))


def written(document: SchemaDocument, found: FoundDocument) -> View:
    """What was done with the file."""
    return View([_WRITTEN[found.state].format(found.path)], _members(document, found))


def _members(document: SchemaDocument, found: FoundDocument) -> Members:
    return {
        "path": str(found.path),
        "state": found.state.value,
        "difference": found.difference,
        "warnings": [*document.warnings],
    }
