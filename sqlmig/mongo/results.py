"""What seeding did, or would do: plain values, for reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from sqlmig.model import Environment

if TYPE_CHECKING:
    from sqlmig.mongo.document import Document
    from sqlmig.mongo.files import Source


class DocumentState(Enum):
    """How a document of the fixtures stands in the database."""

    NEW = "new"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    DELETED = "deleted"

    def is_written_in(self, environment: Environment) -> bool:
        """Whether seeding writes it: in production, what is there is the application's."""
        if environment is Environment.PRODUCTION:
            return self is DocumentState.NEW
        return self is not DocumentState.UNCHANGED


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
class FixturesReport:
    """How the fixtures of an environment stand, or stood before they were seeded.

    `demo_documents` are the counts, by collection, of documents that do not belong into a
    production database: looking counts them, seeding does not. `warnings` say why seeding would be
    refused.
    """

    environment: Environment
    files: Mapping[Source, tuple[Standing, ...]]
    demo_documents: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> Counter[DocumentState]:
        """How many documents are in each state."""
        return Counter(standing.state for file in self.files.values() for standing in file)

    @property
    def differs(self) -> bool:
        """Whether database and fixtures differ."""
        return bool(self.demo_documents or self.counts.keys() - {DocumentState.UNCHANGED})
