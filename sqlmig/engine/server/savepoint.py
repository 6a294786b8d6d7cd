"""Savepoints of sqlmig's own, each with a name that no script can know.

Scripts were written before the name was made, and no function can execute SAVEPOINT, RELEASE or
ROLLBACK TO. So a savepoint exists until its transaction ends, and proves that the script has not
ended that transaction by any means.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import psycopg

from sqlmig.engine.server.connection import Connection


def random_name() -> str:
    """A name of our own, different in every session."""
    return f"sqlmig_{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Savepoint:
    """A savepoint that can be set repeatedly; a later one hides the earlier ones."""

    name: str = field(default_factory=random_name)

    @property
    def set(self) -> str:
        """The statement that sets it."""
        return f"SAVEPOINT {self.name}"

    @property
    def release(self) -> str:
        """The statement that releases it and all later savepoints; it fails in another
        transaction."""
        return f"RELEASE SAVEPOINT {self.name}"

    @property
    def return_to(self) -> str:
        """The statement that undoes everything since and keeps the savepoint; it fails in another
        transaction."""
        return f"ROLLBACK TO SAVEPOINT {self.name}"

    def is_there(self, connection: Connection) -> bool:
        """Whether the transaction in which it was set is still open, aborted or not; undoes
        everything since."""
        try:
            connection.execute(self.return_to.encode())
        except (
            psycopg.errors.InvalidSavepointSpecification,
            psycopg.errors.NoActiveSqlTransaction,
        ):
            return False
        return True
