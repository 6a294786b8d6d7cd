"""Results as JSON for programs: one object a command, its format in the member `version`."""

from sqlmig.report.json.changelog import inspection, page
from sqlmig.report.json.document import VERSION
from sqlmig.report.json.errors import error
from sqlmig.report.json.files import comparison, repaired, starter, validated, written
from sqlmig.report.json.migrations import plan, report, status
from sqlmig.report.json.mongo import mongo_reset, mongo_seeds
from sqlmig.report.json.seeds import checks, environment, seed_plan, seeds, unstable
from sqlmig.report.json.servers import server_url, servers

__all__ = [
    "VERSION",
    "checks",
    "comparison",
    "environment",
    "error",
    "inspection",
    "mongo_reset",
    "mongo_seeds",
    "page",
    "plan",
    "repaired",
    "report",
    "seed_plan",
    "seeds",
    "server_url",
    "servers",
    "starter",
    "status",
    "unstable",
    "validated",
    "written",
]

__all__ = [
    "VERSION",
    "checks",
    "comparison",
    "environment",
    "error",
    "inspection",
    "mongo_reset",
    "mongo_seeds",
    "page",
    "plan",
    "repaired",
    "report",
    "seed_statuses",
    "seeded",
    "server_url",
    "servers",
    "starter",
    "status",
    "unstable",
    "validated",
    "written",
]
