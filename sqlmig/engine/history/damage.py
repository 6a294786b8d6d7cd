"""Finds rows of a history that sqlmig cannot work with; the tables must exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import LiteralString

from sqlmig.errors import HistoryError

FORMAT_VERSION = 1
YOYO_VERSION = 2  # of yoyo's internal schema, since yoyo 6.0

_NAMED = 5
_TIMES: LiteralString = "BETWEEN '0001-01-01' AND '9999-12-31') IS NOT TRUE"

# Each query returns a column and a value in it that no version of yoyo or sqlmig writes.
OF_MARKS: LiteralString = f"""
SELECT '_yoyo_migration.migration_id', migration_id::text FROM {{migrations}}
 WHERE coalesce(migration_id, '') = ''
 UNION ALL
SELECT '_yoyo_migration.migration_id', migration_id::text || ' (twice)' FROM {{migrations}}
 GROUP BY migration_id HAVING count(*) > 1
 UNION ALL
SELECT concat('_yoyo_migration.applied_at_utc of ', migration_id), applied_at_utc::text
  FROM {{migrations}} WHERE (applied_at_utc {_TIMES}
"""  # noqa: S608

OF_DETAILS: LiteralString = f"""
SELECT '_sqlmig_migration.migration_id', migration_id FROM {{details}}
 WHERE coalesce(migration_id, '') = ''
 UNION ALL
SELECT concat('_sqlmig_migration.checksum of ', migration_id), checksum
  FROM {{details}} WHERE (checksum ~ '^sha256:[0-9a-f]{{{{64}}}}$') IS NOT TRUE
 UNION ALL
SELECT concat('_sqlmig_migration.rollback_checksum of ', migration_id), rollback_checksum
  FROM {{details}} WHERE (rollback_checksum IS NULL) <> (rollback_sql IS NULL)
    OR rollback_checksum !~ '^sha256:[0-9a-f]{{{{64}}}}$'
 UNION ALL
SELECT concat('_sqlmig_migration.statements_done of ', migration_id),
       format('%%s of %%s, %%s begun', statements_done, statements_total, statements_begun)
  FROM {{details}}
 WHERE num_nonnulls(statements_done, statements_begun, statements_total) NOT IN (0, 3)
    OR NOT (statements_done >= 0 AND statements_begun BETWEEN statements_done AND
            statements_done + 1 AND statements_begun <= statements_total)
 UNION ALL
SELECT concat('_sqlmig_migration.applied_at of ', migration_id), applied_at::text
  FROM {{details}} WHERE (applied_at {_TIMES}
"""  # noqa: S608

OF_SEEDS: LiteralString = f"""
SELECT '_sqlmig_seed.seed', seed FROM {{seeds}} WHERE coalesce(seed, '') = ''
 UNION ALL
SELECT concat('_sqlmig_seed.checksum of ', seed), checksum
  FROM {{seeds}} WHERE (checksum ~ '^sha256:[0-9a-f]{{{{64}}}}$') IS NOT TRUE
 UNION ALL
SELECT concat('_sqlmig_seed.seeded_at of ', seed), seeded_at::text
  FROM {{seeds}} WHERE (seeded_at {_TIMES}
"""  # noqa: S608

# Details without the table of marks: otherwise nothing would count as applied.
OF_LOST_MARKS: LiteralString = "SELECT FROM {details} LIMIT 1"

FORMAT: LiteralString = "SELECT value::text FROM {state} WHERE key = 'format'"
VERSION: LiteralString = "SELECT max(version)::text FROM {version}"


def refuse_damaged(schema: str, damage: Iterable[str]) -> None:
    """Raises HistoryError if there is any damage in the history of that schema."""
    found = list(damage)
    if found:
        more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        listed = "; ".join(found[:_NAMED])
        raise HistoryError(
            f"the history in the schema {schema} is damaged: {listed}{more}",
            remedy="Nothing was run. Restore the history from a backup, or correct what is named.",
        )


def refuse_values(schema: str, found: Iterable[tuple[str, str | None]]) -> None:
    """Raises HistoryError if the queries above found any values."""
    refuse_damaged(schema, _in_words(found))


def refuse_other_version(schema: str, what: str, found: str | None, known: int) -> None:
    """Raises HistoryError for a version other than the known one: a newer version, or damage."""
    if found == str(known):
        return
    if found is not None and found.isdecimal() and int(found) > known:
        raise HistoryError(
            f"the history in the schema {schema} is newer than this sqlmig: {what} is {found}, "
            f"and {known} is the newest that it knows",
            remedy="Nothing was run. Use the version of sqlmig that made it, or a newer one.",
        )
    refuse_values(schema, [(what, found)])


def _in_words(found: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    for column, value in found:
        yield f"{column} is {'NULL' if value is None else repr(value)}"
