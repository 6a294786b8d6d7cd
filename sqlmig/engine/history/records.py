"""The statements that write the history, one for each event.

Each is a single statement, so that log, mark and detail are sent in one message with the COMMIT.
Times are the server's, so that runners on machines with different clocks agree on the order.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import LiteralString

from sqlmig.engine.history.damage import FORMAT_VERSION
from sqlmig.engine.history.reading import ROWS_KEY, History
from sqlmig.engine.server.connection import sqlmig_version
from sqlmig.engine.server.raising import raising
from sqlmig.model import Direction, Environment, MigrationFile, Script, SeedFile, TextRecord

# The text of a migration is kept up to this many bytes; the text of a rollback always.
_KEPT_BYTES = 1 << 20

_CREATE: LiteralString = """
CREATE TABLE IF NOT EXISTS {details} (
  migration_id text PRIMARY KEY,
  checksum text,
  apply_sql text,
  rollback_sql text,
  rollback_checksum text,
  statements_done int,
  statements_begun int,
  statements_total int,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  applied_by text NOT NULL DEFAULT session_user,
  duration_ms int,
  sqlmig_version text NOT NULL
);
CREATE TABLE IF NOT EXISTS {state} (key text PRIMARY KEY, value jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS {seeds} (
  seed text PRIMARY KEY,
  checksum text NOT NULL,
  rows_written jsonb NOT NULL,
  environment text NOT NULL,
  seeded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seeded_by text NOT NULL DEFAULT session_user
);
CREATE TABLE IF NOT EXISTS {events} (
  happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  happened_by text NOT NULL DEFAULT session_user,
  event text NOT NULL,
  subject text NOT NULL,
  reason text
);
INSERT INTO {state} VALUES ('format', to_jsonb(%(format)s::int)),
                           ('search_path', to_jsonb(%(search_path)s::text[]))
    ON CONFLICT DO NOTHING
"""

# One time for all rows of an event: when it ends, not when its message was sent.
_NOW: LiteralString = "WITH now AS (SELECT clock_timestamp() AS time)"

# A clock may be set back, but the order of application must hold: each mark is newer than the last.
_LATER: LiteralString = """
WITH now AS (SELECT greatest(clock_timestamp(), (SELECT max(applied_at_utc) FROM {migrations})
                             AT TIME ZONE 'UTC' + interval '1 microsecond') AS time)
"""

_LOG: LiteralString = """
INSERT INTO {log} (id, migration_hash, migration_id, operation, username, hostname, created_at_utc)
VALUES (%(log_id)s, %(hash)s, %(migration_id)s, %(operation)s, %(username)s, %(hostname)s,
        (SELECT time FROM now) AT TIME ZONE 'UTC')
"""

_MARK: LiteralString = """
INSERT INTO {migrations} (migration_hash, migration_id, applied_at_utc)
VALUES (%(hash)s, %(migration_id)s, (SELECT time FROM now) AT TIME ZONE 'UTC')
"""

_DETAIL: LiteralString = """
INSERT INTO {details} (migration_id, checksum, apply_sql, rollback_sql, rollback_checksum,
                       duration_ms, statements_done, statements_begun, statements_total,
                       applied_at, sqlmig_version)
VALUES (%(migration_id)s, %(checksum)s, %(apply_sql)s, %(rollback_sql)s, %(rollback_checksum)s,
        %(duration_ms)s
        + (extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000)::int,
        %(statements_done)s, %(statements_begun)s, %(statements_total)s,
        (SELECT time FROM now), %(version)s)
ON CONFLICT (migration_id) DO UPDATE
   SET checksum = excluded.checksum, apply_sql = excluded.apply_sql,
       rollback_sql = excluded.rollback_sql, rollback_checksum = excluded.rollback_checksum,
       duration_ms = excluded.duration_ms,
       statements_done = excluded.statements_done,
       statements_begun = excluded.statements_begun,
       statements_total = excluded.statements_total,
       applied_at = excluded.applied_at, applied_by = excluded.applied_by,
       sqlmig_version = excluded.sqlmig_version
"""

_BEGUN: LiteralString = f"{_NOW} {_DETAIL}"

# A trigger or rule may drop a row without an error.
_BLOCKED = raising("a trigger or rule blocked sqlmig's record")
_OR_FAIL = f" THEN true ELSE {_BLOCKED} END"

# psycopg fills in only table names and parameters.
_APPLIED: LiteralString = f"""
{_LATER}, log AS ({_LOG} RETURNING 1), mark AS ({_MARK} RETURNING 1),
     detail AS ({_DETAIL} RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM log) AND EXISTS (SELECT FROM mark)
                 AND EXISTS (SELECT FROM detail) {_OR_FAIL}
"""  # noqa: S608

# A partly applied migration has no mark.
_ROLLED_BACK: LiteralString = f"""
{_NOW}, log AS ({_LOG} RETURNING 1),
     unmark AS (DELETE FROM {{migrations}} WHERE migration_id = %(migration_id)s RETURNING 1),
     forgotten AS (DELETE FROM {{details}} WHERE migration_id = %(migration_id)s),
     unseeded AS (DELETE FROM {{seeds}}),
     unwritten AS (DELETE FROM {{state}} WHERE key = %(rows_key)s)
SELECT CASE WHEN EXISTS (SELECT FROM log) AND (EXISTS (SELECT FROM unmark) OR NOT EXISTS
                 (SELECT FROM {{migrations}} WHERE migration_id = %(migration_id)s)) {_OR_FAIL}
"""  # noqa: S608

_PROGRESS: LiteralString = """
UPDATE {details} SET statements_done = %(done)s, statements_begun = %(begun)s
 WHERE migration_id = %(migration_id)s
"""

# Keeps an existing count: another runner may have begun in between.
_ROWS_BEGUN: LiteralString = """
INSERT INTO {state} AS s VALUES
  (%(key)s, jsonb_build_object('rows', 0, 'most', %(most)s::bigint))
ON CONFLICT (key) DO UPDATE SET value = s.value || jsonb_build_object('most', %(most)s::bigint)
"""

_ROWS_WRITTEN: LiteralString = """
UPDATE {state} SET value = value
       || jsonb_build_object('rows', (value ->> 'rows')::bigint + %(rows)s::bigint)
 WHERE key = %(key)s RETURNING value ->> 'rows', value ->> 'most'
"""

_ROWS_FORGOTTEN: LiteralString = "DELETE FROM {state} WHERE key = %(key)s"

_ATTEMPTED: LiteralString = """
SELECT EXISTS (SELECT FROM {details} WHERE migration_id = %(migration_id)s
                  AND statements_done IS NOT NULL)
"""

_REPAIRED: LiteralString = """
INSERT INTO {details} (migration_id, checksum, apply_sql, rollback_sql, rollback_checksum,
                       applied_at, sqlmig_version)
SELECT %(migration_id)s, %(checksum)s, %(apply_sql)s, %(rollback_sql)s, %(rollback_checksum)s,
       applied_at_utc AT TIME ZONE 'UTC', %(version)s
  FROM {migrations} WHERE migration_id = %(migration_id)s
ON CONFLICT (migration_id) DO UPDATE
   SET checksum = excluded.checksum, apply_sql = excluded.apply_sql,
       rollback_sql = excluded.rollback_sql, rollback_checksum = excluded.rollback_checksum,
       applied_at = excluded.applied_at, statements_done = NULL, statements_begun = NULL,
       statements_total = NULL
"""

# Mark and detail get the same time, which is how they are matched.
_DATED: LiteralString = """
WITH marked AS (
  UPDATE {migrations} SET applied_at_utc = %(at)s::timestamptz AT TIME ZONE 'UTC'
   WHERE migration_id = %(migration_id)s)
UPDATE {details} SET applied_at = %(at)s::timestamptz WHERE migration_id = %(migration_id)s
"""

# First removes what an earlier migration of the new name left when yoyo removed its mark.
_RENAMED: LiteralString = """
DELETE FROM {details} WHERE migration_id = %(new)s
   AND EXISTS (SELECT FROM {details} WHERE migration_id = %(old)s);
UPDATE {migrations} SET migration_id = %(new)s,
       migration_hash = encode(sha256(convert_to(%(new)s, 'UTF8')), 'hex')
 WHERE migration_id = %(old)s;
UPDATE {details} SET migration_id = %(new)s WHERE migration_id = %(old)s;
DELETE FROM {state} WHERE key = %(prefix)s || %(new)s;
UPDATE {state} SET key = %(prefix)s || %(new)s WHERE key = %(prefix)s || %(old)s
"""

_NOTED: LiteralString = """
INSERT INTO {events} (event, subject, reason) VALUES (%(event)s, %(subject)s, %(reason)s)
"""

_STAMPED: LiteralString = """
INSERT INTO {state} VALUES ('environment', to_jsonb(%(name)s::text))
ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""

_SEEDED: LiteralString = """
INSERT INTO {seeds} (seed, checksum, rows_written, environment)
VALUES (%(seed)s, %(checksum)s, %(rows)s::jsonb, %(environment)s)
ON CONFLICT (seed) DO UPDATE
   SET checksum = excluded.checksum, rows_written = excluded.rows_written,
       environment = excluded.environment, seeded_at = excluded.seeded_at,
       seeded_by = excluded.seeded_by
"""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A row of yoyo's log: which migration (`hash` is yoyo's hash of its id), by whom, and on which
    host."""

    log_id: str
    hash: str
    migration_id: str
    operation: str
    username: str
    hostname: str


@dataclass(frozen=True, slots=True)
class Content:
    """What the history keeps of a migration's files; a text that is not kept is None."""

    checksum: str
    apply_sql: str | None
    rollback_sql: str | None
    rollback_checksum: str | None

    @classmethod
    def of(cls, script: Script, rollback: Script | None, record: TextRecord) -> Content:
        """The content to keep, without the migration's text if it is too long or the file says
        so."""
        keep = record is TextRecord.TEXT and _is_short(script.text)
        return cls(
            script.checksum,
            script.text if keep else None,
            rollback.text if rollback else None,
            rollback.checksum if rollback else None,
        )

    @classmethod
    def of_file(cls, file: MigrationFile) -> Content:
        """The content to keep of a migration on disk."""
        rollback = file.rollback.script if file.rollback else None
        return cls.of(file.file.script, rollback, file.file.directives.record)


def creation(history: History) -> str:
    """SQL that creates those of our tables that are missing; yoyo creates its own."""
    search_path = list(history.search_path)
    return history.sql(_CREATE, format=FORMAT_VERSION, search_path=search_path)


def prepare(history: History, direction: Direction) -> None:
    """Prepares the statement that records a migration in that direction. Drops all other prepared
    statements of the session."""
    history.connection.execute(history.prepared.deallocation())
    history.prepare(_APPLIED if direction is Direction.APPLY else _ROLLED_BACK)


def applied(history: History, entry: LogEntry, content: Content, duration: float) -> str:
    """SQL that writes log, mark and detail of a migration. `duration` is in seconds, until this
    message is sent; the server adds the time from then to the record."""
    return history.sql(
        _APPLIED,
        **asdict(entry),
        **asdict(content),
        duration_ms=round(duration * 1000),
        statements_done=None,
        statements_begun=None,
        statements_total=None,
        version=sqlmig_version(),
    )


def rolled_back(history: History, entry: LogEntry) -> str:
    """SQL that writes the log and removes mark and detail; also all seeds, since it is not known
    which of their rows remain."""
    return history.sql(_ROLLED_BACK, **asdict(entry), rows_key=ROWS_KEY + entry.migration_id)


def begun(history: History, migration_id: str, content: Content, done: int, total: int) -> str:
    """SQL for a non-transactional migration that begins, or continues after `done` statements; the
    next statement is about to run."""
    return history.sql(
        _BEGUN,
        migration_id=migration_id,
        **asdict(content),
        duration_ms=None,
        statements_done=done,
        statements_begun=min(done + 1, total),
        statements_total=total,
        version=sqlmig_version(),
    )


def progress(history: History, migration_id: str, *, done: int, begun: int) -> str:
    """SQL that records how many statements are done, and how many were begun."""
    return history.sql(_PROGRESS, migration_id=migration_id, done=done, begun=begun)


def rows_begun(history: History, migration_id: str, most: int | None) -> str:
    """SQL for a repeated migration that begins or continues; it may write `most` rows in all."""
    return history.sql(_ROWS_BEGUN, key=ROWS_KEY + migration_id, most=most)


def rows_written(history: History, migration_id: str, rows: int) -> str:
    """SQL for a round that wrote `rows` rows. Returns one row with the total so far and the
    maximum, or none if the migration is no longer recorded as begun."""
    return history.sql(_ROWS_WRITTEN, key=ROWS_KEY + migration_id, rows=rows)


def rows_forgotten(history: History, migration_id: str) -> str:
    """SQL for a repeated migration that is complete."""
    return history.sql(_ROWS_FORGOTTEN, key=ROWS_KEY + migration_id)


def was_attempted(history: History, migration_id: str) -> str:
    """SQL that returns whether an earlier run began the migration."""
    return history.sql(_ATTEMPTED, migration_id=migration_id)


def settled(history: History) -> str:
    """SQL that waits, within a transaction, until no other one is in the middle of a migration."""
    return history.sql("LOCK TABLE {details} IN ROW EXCLUSIVE MODE")


def is_logged(history: History, entry: LogEntry) -> str:
    """SQL that returns whether that log row exists."""
    return history.sql(
        "SELECT EXISTS (SELECT FROM {log} WHERE id = %(log_id)s)", log_id=entry.log_id
    )


def repaired(history: History, migration_id: str, content: Content) -> str:
    """SQL that records the current files of an applied migration."""
    return history.sql(
        _REPAIRED, migration_id=migration_id, **asdict(content), version=sqlmig_version()
    )


def dated(history: History, migration_id: str, at: datetime) -> str:
    """SQL that sets when a migration was applied, if that was before it was recorded."""
    return history.sql(_DATED, migration_id=migration_id, at=at)


def renamed(history: History, old: str, new: str) -> str:
    """SQL that renames an applied or partly applied migration."""
    return history.sql(_RENAMED, old=old, new=new, prefix=ROWS_KEY)


def noted(history: History, event: str, subject: str, reason: str) -> str:
    """SQL that records an event for later reference: what happened, to what, and why."""
    return history.sql(_NOTED, event=event, subject=subject, reason=reason)


def stamped(history: History, environment: Environment) -> str:
    """SQL that stamps the database with the environment."""
    return history.sql(_STAMPED, name=environment.value)


def seeded(history: History, seed: SeedFile, rows: str, environment: Environment) -> str:
    """SQL for a seed that wrote rows, or whose file had changed; `rows` is JSON."""
    return history.sql(
        _SEEDED,
        seed=seed.name,
        checksum=seed.file.script.checksum,
        rows=rows,
        environment=environment.value,
    )


def _is_short(text: str) -> bool:
    """Whether to keep it. Counts characters first, so that a longer text is not encoded."""
    return len(text) <= _KEPT_BYTES and len(text.encode()) <= _KEPT_BYTES
