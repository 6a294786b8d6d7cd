"""How the embedded server stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmig.report.json.document import document

if TYPE_CHECKING:
    from sqlmig.embedded import ServerStatus


def server(found: ServerStatus) -> str:
    """How the embedded server stands."""
    return document(
        running=found.running,
        pid=found.pid,
        url=found.url,
        data=str(found.data) if found.data else None,
        log=str(found.log) if found.log else None,
        postgres=found.version,
    )


def server_url(url: str) -> str:
    """The URL of a database of the embedded server."""
    return document(url=url)
