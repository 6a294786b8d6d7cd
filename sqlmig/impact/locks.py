"""The lock modes of tables, and whom each one blocks.

Source: "Table-Level Locks" in PostgreSQL's manual.
"""

from __future__ import annotations

from enum import Enum, IntEnum

_VIEWS_WITHOUT_WRITERS = ("m",)  # relkind of a materialized view


class Blocks(Enum):
    """Which users of a table wait for a lock."""

    NOTHING = "nothing"
    WRITES = "writes"
    READS_AND_WRITES = "reads and writes"


class Lock(IntEnum):
    """The modes, weakest first."""

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    @classmethod
    def named(cls, mode: str) -> Lock:
        """The mode of that name in pg_locks, such as AccessExclusiveLock."""
        return _BY_MODE[mode]

    def __str__(self) -> str:
        return self.name.replace("_", " ")

    def blocks(self, relkind: str) -> Blocks:
        """Whom it blocks on a relation of that kind. A materialized view is written only by its
        refresh."""
        if self is Lock.ACCESS_EXCLUSIVE:
            return Blocks.READS_AND_WRITES
        if self < Lock.SHARE or relkind in _VIEWS_WITHOUT_WRITERS:
            return Blocks.NOTHING
        return Blocks.WRITES


_BY_MODE = {f"{lock.name.title().replace('_', '')}Lock": lock for lock in Lock}
