"""Converts psycopg's fields of a server message into our own."""

from __future__ import annotations

from psycopg.errors import Diagnostic

from sqlmig.model import ServerMessage


def message_of(fields: Diagnostic, otherwise: str = "") -> ServerMessage:
    """The message, field by field; `otherwise` is its text if the server sent none."""
    return ServerMessage(
        sqlstate=fields.sqlstate or "",
        primary=fields.message_primary or otherwise,
        detail=fields.message_detail or "",
        hint=fields.message_hint or "",
        context=fields.context or "",
    )
