"""Results as JSON for programs: one object a command, its format in the member `version`."""

from sqlmig.report.json.changelog import inspection, page
from sqlmig.report.json.document import VERSION
from sqlmig.report.json.errors import error
from sqlmig.report.json.files import comparison, repaired, starter, validated, written
from sqlmig.report.json.migrations import plan, report, status
from sqlmig.report.json.mongo import mongo_reset, mongo_seeds
from sqlmig.report.json.servers import server_url, servers

__all__ = [
    "VERSION",
    "comparison",
    "error",
    "inspection",
    "mongo_reset",
    "mongo_seeds",
    "page",
    "plan",
    "repaired",
    "report",
    "server_url",
    "servers",
    "starter",
    "status",
    "validated",
    "written",
]
