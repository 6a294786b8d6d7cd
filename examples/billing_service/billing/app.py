"""An ASGI application that answers only once its schema is there: `uvicorn billing.app:app`."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import psycopg

from billing.schema import AtStart, prepare, settings
from sqlmig import SqlmigError

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

_OPEN_INVOICES = """
SELECT number, amount - paid FROM open_invoices ORDER BY number
"""


async def app(scope: Event, receive: Receive, send: Send) -> None:
    """One connection of the ASGI server: its lifespan, or a request."""
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["type"] == "http":
        await answer(send)


async def live(receive: Receive, send: Send) -> None:
    """Prepares the schema when the server starts; a SqlmigError keeps it from starting."""
    await receive()
    at_start = AtStart(os.environ.get("BILLING_SCHEMA", "migrate"))
    try:
        await asyncio.to_thread(prepare, at_start, settings())
    except SqlmigError as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def answer(send: Send) -> None:
    """Every open invoice with what is still to be paid of it."""
    async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"]) as connection:
        rows = await (await connection.execute(_OPEN_INVOICES)).fetchall()
    body = json.dumps([{"number": number, "open": str(amount)} for number, amount in rows])
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
