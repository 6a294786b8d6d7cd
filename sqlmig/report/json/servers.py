"""How the embedded servers stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmig.report.json.document import document

if TYPE_CHECKING:
    from sqlmig.embedded import MongoStatus, ServerStatus


def servers(found: ServerStatus, mongo: MongoStatus) -> str:
    """How the embedded servers stand."""
    return document(
        running=found.running,
        pid=found.pid,
        url=found.url,
        data=str(found.data) if found.data else None,
        log=str(found.log) if found.log else None,
        postgres=found.version,
        mongo={
            "running": mongo.running,
            "pid": mongo.pid,
            "url": mongo.url,
            "data": str(mongo.data) if mongo.data else None,
            "log": str(mongo.log) if mongo.log else None,
        },
    )


def server_url(url: str) -> str:
    """The URL of a database of the embedded server."""
    return document(url=url)
