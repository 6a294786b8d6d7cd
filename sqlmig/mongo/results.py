"""What seeding did, or would do, as plain values for reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlmig.model import Environment

if TYPE_CHECKING:
    from sqlmig.mongo.files import Source


class DocumentState(Enum):
    """The state of a fixture's document in the database."""

    NEW = "new"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    DELETED = "deleted"

    def is_written_in(self, environment: Environment) -> bool:
        """Whether seeding writes it. In production, existing documents belong to the
        application."""
        if environment is Environment.PRODUCTION:
            return self is DocumentState.NEW
        return self is not DocumentState.UNCHANGED


@dataclass(frozen=True, slots=True)
class Standing:
    """A fixture's document and its state. `place` is path:line:column, `index` counts from 0 in the
    file, `fields` are those that differ."""

    place: str
    index: int | None
    id: Any
    state: DocumentState
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class FileReport:
    """The number of a file's documents in each state, and the documents that were changed or
    deleted since they were seeded, or whose fixture was changed."""

    counts: Counter[DocumentState] = field(default_factory=Counter)
    differences: list[Standing] = field(default_factory=list)

    def add(self, standings: Sequence[Standing]) -> None:
        """Adds documents of the file."""
        self.counts.update(each.state for each in standings)
        states = (DocumentState.CHANGED, DocumentState.DELETED)
        self.differences += [each for each in standings if each.state in states]


@dataclass(frozen=True, slots=True)
class FixturesReport:
    """The states of an environment's fixtures, now or before they were seeded.

    `removed` has the `_id`s, by collection, of documents that were seeded and still exist, but are
    no longer in any fixture; `demo_documents` has the counts, by collection, of documents that do
    not belong in a production database. Only a comparison finds these two, not seeding. `warnings`
    say why seeding would be refused.
    """

    environment: Environment
    files: Mapping[Source, FileReport]
    removed: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    demo_documents: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> Counter[DocumentState]:
        """The number of documents in each state."""
        return sum((file.counts for file in self.files.values()), Counter())

    @property
    def differs(self) -> bool:
        """Whether the database and the fixtures differ."""
        others = self.counts.keys() - {DocumentState.UNCHANGED}
        return bool(self.removed or self.demo_documents or others)
