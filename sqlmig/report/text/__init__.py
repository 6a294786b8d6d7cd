"""Results as text for people: plain in a pipe, drawn by rich on a terminal."""

from sqlmig.report.text.changelog import inspected, inspection
from sqlmig.report.text.figures import age, duration
from sqlmig.report.text.files import comparison, repaired, starter, validated, written
from sqlmig.report.text.marks import marked, script, unmarked
from sqlmig.report.text.migrations import (
    finished,
    nothing_to_do,
    plan,
    retrying,
    started,
    status,
    summary,
    waiting,
)
from sqlmig.report.text.mongo import mongo_plan, mongo_reset, mongo_seeded, mongo_status
from sqlmig.report.text.proof import drift, round_trip, verified
from sqlmig.report.text.seeds import (
    checked,
    checks,
    environment,
    seed_plan,
    seeds,
    unstable,
    violations,
)
from sqlmig.report.text.servers import (
    database,
    embedded_database,
    servers,
    stopped,
    thrown_away,
)
from sqlmig.report.text.table import Medium

__all__ = [
    "Medium",
    "age",
    "checked",
    "checks",
    "comparison",
    "database",
    "drift",
    "duration",
    "embedded_database",
    "environment",
    "finished",
    "inspected",
    "inspection",
    "marked",
    "mongo_plan",
    "mongo_reset",
    "mongo_seeded",
    "mongo_status",
    "nothing_to_do",
    "plan",
    "repaired",
    "retrying",
    "round_trip",
    "script",
    "seed_plan",
    "seeds",
    "servers",
    "started",
    "starter",
    "status",
    "stopped",
    "summary",
    "thrown_away",
    "unmarked",
    "unstable",
    "validated",
    "verified",
    "violations",
    "waiting",
    "warning",
    "written",
]


def warning(words: str) -> str:
    """The line of a warning."""
    return f"Warning: {words}"
