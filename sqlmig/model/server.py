"""What the server reports, and its other sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmig.model.places import Location


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """An error of the server, from its diagnostic fields."""

    sqlstate: str
    primary: str
    detail: str = ""
    hint: str = ""
    context: str = ""

    def __str__(self) -> str:
        return f"{self.primary} ({self.sqlstate})" if self.sqlstate else self.primary

    def details(self) -> list[str]:
        """DETAIL, HINT and CONTEXT, if the server gave them, labelled as in psql."""
        fields = (("DETAIL", self.detail), ("HINT", self.hint), ("CONTEXT", self.context))
        return [f"{label}: {text}" for label, text in fields if text]


@dataclass(frozen=True, slots=True)
class Notice:
    """What the server reported while a script ran, other than an error.

    `script` is the name of the migration or seed, `severity` WARNING, NOTICE or INFO; `location` is
    the statement, or only the file for what ran at its end.
    """

    script: str
    severity: str
    message: ServerMessage
    location: Location

    def __str__(self) -> str:
        return f"{self.location}: {self.severity}: {self.message.primary}"


@dataclass(frozen=True, slots=True)
class LockHolder:
    """The session that holds the migration lock, from the server's activity view."""

    pid: int
    application: str
    client: str
    since: datetime | None

    def __str__(self) -> str:
        since = f", since {self.since:%Y-%m-%d %H:%M:%S %Z}" if self.since else ""
        return (
            f"{self.application or 'a session'} from {self.client} (server pid {self.pid}){since}"
        )


@dataclass(frozen=True, slots=True)
class Blocker:
    """A session that a migration waits for: what its lock is on, and the statement that it runs or
    ran."""

    pid: int
    locked: str
    query: str

    def __str__(self) -> str:
        return f"a lock on {self.locked} held by pid {self.pid}: {self.query}"


@dataclass(frozen=True, slots=True)
class IndexBuild:
    """Progress of an index build on `table`: the phase in the server's words, and its completed
    share, from 0 to 1; None if the server does not count it."""

    table: str
    phase: str
    share: float | None

    def __str__(self) -> str:
        share = "" if self.share is None else f", {self.share:.0%}"
        return f"an index on {self.table}: {self.phase}{share}"
