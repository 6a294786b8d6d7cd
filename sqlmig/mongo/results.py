"""What seeding did, or would do: plain values, for reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sqlmig.model import Environment

if TYPE_CHECKING:
    from sqlmig.mongo.document import Document


class DocumentState(Enum):
    """How a document of the fixtures stands in the database."""

    NEW = "new"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    DELETED = "deleted"


WRITTEN: Mapping[Environment, frozenset[DocumentState]] = {
    # What is there is the application's in production: only what never was there is added.
    Environment.PRODUCTION: frozenset({DocumentState.NEW}),
    Environment.DEVELOPMENT: frozenset(DocumentState) - {DocumentState.UNCHANGED},
    Environment.TESTING: frozenset(DocumentState) - {DocumentState.UNCHANGED},
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A document of the fixtures and how it stands; `fields` are those that differ."""

    document: Document
    state: DocumentState
    fields: tuple[str, ...] = ()

    @property
    def is_difference(self) -> bool:
        """Whether someone changed or deleted it, or its fixture changed, since it was seeded."""
        return self.state in (DocumentState.CHANGED, DocumentState.DELETED)


@dataclass(frozen=True, slots=True)
class FileReport:
    """A file of documents: how many are in which state, and the differences one by one."""

    path: str
    collection: str
    counts: Mapping[DocumentState, int]
    differences: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class SeedReport:
    """How the fixtures of an environment stand, or stood before they were seeded.

    `demo_documents` are the counts, by collection, of documents that do not belong into a
    production database; only looking finds them, not seeding.
    """

    environment: Environment
    files: tuple[FileReport, ...]
    demo_documents: Mapping[str, int]

    @property
    def differs(self) -> bool:
        """Whether database and fixtures differ."""
        states = {state for file in self.files for state, count in file.counts.items() if count}
        return bool(self.demo_documents or states - {DocumentState.UNCHANGED})

    def count(self, state: DocumentState) -> int:
        """How many documents are in that state."""
        return sum(file.counts.get(state, 0) for file in self.files)

    def writes(self, state: DocumentState) -> bool:
        """Whether seeding writes documents in that state, in this environment."""
        return state in WRITTEN[self.environment]
