"""The service as an ASGI server meets it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest
from billing.app import app
from billing.schema import settings

from sqlmig import Migrator, Newest

Event = MutableMapping[str, Any]


class Server:
    """Starts the application, sends it requests, and stops it."""

    def __init__(self) -> None:
        self._incoming: asyncio.Queue[Event] = asyncio.Queue()
        self._outgoing: asyncio.Queue[Event] = asyncio.Queue()

    async def run(self, requests: int = 0) -> tuple[list[str], list[Any]]:
        """The types of the events of its life, and the answers to so many requests."""
        life = asyncio.create_task(
            app({"type": "lifespan"}, self._incoming.get, self._outgoing.put)
        )
        await self._incoming.put({"type": "lifespan.startup"})
        events = [await self._outgoing.get()]
        answers = [await self.request() for _ in range(requests)]
        await self._incoming.put({"type": "lifespan.shutdown"})
        await life
        while not self._outgoing.empty():
            events.append(self._outgoing.get_nowait())
        return [f"{event['type']}: {event.get('message', '')}" for event in events], answers

    async def request(self) -> Any:
        """The answer to a request, from its JSON."""
        await app({"type": "http"}, self._incoming.get, self._outgoing.put)
        start, body = await self._outgoing.get(), await self._outgoing.get()
        assert start["status"] == 200
        return json.loads(body["body"])


WELL = ["lifespan.startup.complete: ", "lifespan.shutdown.complete: "]


def test_it_answers_once_its_schema_is_there(seeded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", seeded)
    events, (answer,) = asyncio.run(Server().run(requests=1))
    assert events == WELL
    assert answer == [{"number": "2026-001", "open": "120.00"}]


def test_it_migrates_a_database_that_is_behind(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    undo_the_view(database)
    events, answers = asyncio.run(Server().run(requests=1))
    assert (events, answers) == (WELL, [[]])


def test_it_refuses_to_start_where_it_may_only_look(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("BILLING_SCHEMA", "expect")
    assert asyncio.run(Server().run())[0] == WELL
    undo_the_view(database)
    (event,), _ = asyncio.run(Server().run())
    assert event.startswith("lifespan.startup.failed: the schema is not what this code expects: ")
    assert "003_open_invoices is pending" in event


def test_several_instances_start_at_once(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    undo_the_view(database)

    async def start() -> list[tuple[list[str], list[Any]]]:
        return await asyncio.gather(*(Server().run(requests=1) for _ in range(4)))

    assert asyncio.run(start()) == [(WELL, [[]])] * 4


def undo_the_view(database: str) -> None:
    """The schema as the code before the newest migration knew it."""
    Migrator(settings(database)).rollback(Newest(1))
