"""The fields of what the server says, as psycopg has them, in our own terms."""

from __future__ import annotations

from psycopg.errors import Diagnostic

from sqlmig.model import ServerMessage


def message_of(fields: Diagnostic, otherwise: str = "") -> ServerMessage:
    """The message, field by field; `otherwise` are the words where the server had none."""
    return ServerMessage(
        sqlstate=fields.sqlstate or "",
        primary=fields.message_primary or otherwise,
        detail=fields.message_detail or "",
        hint=fields.message_hint or "",
        context=fields.context or "",
    )
