"""Receives the progress of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from sqlmig.model.runs import Direction, MigrationResult, Round
from sqlmig.model.server import Blocker, IndexBuild, LockHolder, Notice


class Observer(Protocol):
    """Receives the progress of a run, as it happens; calls come from the thread of the run."""

    def started(self, migration_id: str, direction: Direction) -> None:
        """The migration's first statement is about to be sent."""

    def finished(self, result: MigrationResult) -> None:
        """The migration is committed, or has failed."""

    def waiting_for_lock(self, holder: LockHolder | None, remaining: float) -> None:
        """Another runner holds the lock; this one gives up in `remaining` seconds."""

    def blocked(self, blocker: Blocker) -> None:
        """A statement waits for a lock that another session holds; from a separate thread."""

    def building(self, build: IndexBuild) -> None:
        """A statement builds an index; about once a second, from a separate thread."""

    def retrying(self, migration_ids: Sequence[str], reason: str, delay: float) -> None:
        """The migrations were blocked or deadlocked and undone; retries them in `delay` seconds."""


@runtime_checkable
class ServerObserver(Observer, Protocol):
    """An observer that is also notified of servers."""

    def server_started(self, server: str, url: str) -> None:
        """The project's own server was started and keeps running: name with version, and URL."""


@runtime_checkable
class NoticeObserver(Observer, Protocol):
    """An observer that also receives what the server reports while scripts run."""

    def noticed(self, notice: Notice) -> None:
        """A script raised a warning, a notice or an info; the script may still be undone."""


@runtime_checkable
class RoundObserver(Observer, Protocol):
    """An observer that also receives the rounds of repeated migrations."""

    def wrote(self, done: Round) -> None:
        """A round is committed."""


@runtime_checkable
class RehearsalObserver(Observer, Protocol):
    """An observer that is also notified of migrations that are tried before a question about
    them."""

    def rehearsing(self, migration_id: str) -> None:
        """Its rollback is about to run in a transaction that will be undone."""


class SilentObserver:
    """An observer that does nothing: the default, and a base for observers of only some calls."""

    def started(self, migration_id: str, direction: Direction) -> None:
        """Do nothing."""

    def finished(self, result: MigrationResult) -> None:
        """Do nothing."""

    def waiting_for_lock(self, holder: LockHolder | None, remaining: float) -> None:
        """Do nothing."""

    def blocked(self, blocker: Blocker) -> None:
        """Do nothing."""

    def building(self, build: IndexBuild) -> None:
        """Do nothing."""

    def retrying(self, migration_ids: Sequence[str], reason: str, delay: float) -> None:
        """Do nothing."""
