"""The order in which migrations were applied, even if the server's clock was changed.

sqlmig never writes a mark with an earlier time than the previous one, but marks of yoyo and of
older versions have the clock's time. If these times contradict the order of the numbers, the
positions of the rows in the log decide. Any of the three can be wrong: a clock may be set back, a
migration applied out of order, or a row stored in the place of one that was undone. For any two
migrations, the majority of the three counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlmig.model import AppliedMigration, migration_order

Rank = dict[str, int]


def in_order_of_application(
    rows: Sequence[AppliedMigration], logged: Callable[[], Sequence[str]]
) -> list[AppliedMigration]:
    """The rows in the order of application, with partly applied ones at the end. `logged` returns
    the ids in the order of the log; it may lack some."""
    done = [row for row in rows if row.applied_at is not None]
    by_number = sorted(done, key=lambda row: migration_order(row.migration_id))
    by_time = sorted(by_number, key=lambda row: row.applied_at or 0)
    partial = [row for row in rows if row.applied_at is None]
    partial.sort(key=lambda row: migration_order(row.migration_id))
    if by_time == by_number:
        return by_time + partial
    return _agreed(by_time, by_number, logged()) + partial


def _agreed(
    by_time: Sequence[AppliedMigration], by_number: Sequence[AppliedMigration], log: Sequence[str]
) -> list[AppliedMigration]:
    time, number = _rank(by_time), _rank(by_number)
    logged = {migration_id: place for place, migration_id in enumerate(log)}
    by_log = sorted(by_time, key=lambda row: logged.get(row.migration_id, -1))
    if by_log == by_time:
        return by_log

    def precedes(one: str, other: str) -> bool:
        is_earlier = time[one] < time[other]
        if one not in logged or other not in logged:
            return is_earlier
        votes = is_earlier, number[one] < number[other], logged[one] < logged[other]
        return sum(votes) > 1

    ids = list(time)
    before = {one: sum(precedes(other, one) for other in ids if other != one) for one in ids}
    return sorted(by_time, key=lambda row: before[row.migration_id])


def _rank(rows: Sequence[AppliedMigration]) -> Rank:
    return {row.migration_id: place for place, row in enumerate(rows)}
