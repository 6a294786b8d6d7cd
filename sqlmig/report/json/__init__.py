"""Results as JSON for programs: one object a command, its format in the member `version`."""

from sqlmig.report.json.changelog import inspection, page
from sqlmig.report.json.document import VERSION
from sqlmig.report.json.errors import error
from sqlmig.report.json.files import comparison, repaired, starter, validated, written
from sqlmig.report.json.marks import marked, script, unmarked
from sqlmig.report.json.migrations import plan, report, status
from sqlmig.report.json.mongo import mongo_reset, mongo_seeds
from sqlmig.report.json.proof import drift, verified
from sqlmig.report.json.seeds import checks, environment, seed_plan, seeds, unstable
from sqlmig.report.json.servers import server_url, servers

__all__ = [
    "VERSION",
    "checks",
    "comparison",
    "drift",
    "environment",
    "error",
    "inspection",
    "marked",
    "mongo_reset",
    "mongo_seeds",
    "page",
    "plan",
    "repaired",
    "report",
    "script",
    "seed_plan",
    "seeds",
    "server_url",
    "servers",
    "starter",
    "status",
    "unmarked",
    "unstable",
    "validated",
    "verified",
    "written",
]
