"""Sanity checks: what they expect, and what they found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlmig.model.places import Location
from sqlmig.model.scripts import ScriptFile


@dataclass(frozen=True, slots=True)
class CheckFile:
    """A check on disk; `name` is its stem."""

    name: str
    file: ScriptFile

    @property
    def title(self) -> str:
        """What the check claims, for display."""
        return self.file.description or self.name


class CheckOutcome(Enum):
    """The outcome of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Rows:
    """The first rows of a query's result as the server writes them, and how many there are."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check after it has run. `reason` says why it failed or does not apply; `violations` are the
    rows that it returned but should not have; `location` is the statement that the server refused
    but should not have."""

    name: str
    title: str
    outcome: CheckOutcome
    reason: str = ""
    violations: Rows = Rows()  # a frozen value
    location: Location | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the check found something."""
        return self.outcome is CheckOutcome.FAILED
