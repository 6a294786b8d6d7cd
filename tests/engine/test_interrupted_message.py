"""A Ctrl-C at any moment of a message leaves a connection that takes the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from sqlmig.engine.server import wire
from sqlmig.engine.server.connection import Connection, opened
from tests.database import Database


@pytest.mark.parametrize("send", [wire.send, wire.send_alone])
def test_a_ctrl_c_between_sending_and_waiting_ends_the_statement(
    database: Database, monkeypatch: pytest.MonkeyPatch, send: Callable[[Connection, bytes], int]
) -> None:
    with opened(database.url) as connection:
        interrupt_before_waiting(monkeypatch)
        with pytest.raises(wire.MessageInterrupted) as interrupted:
            send(connection, b"SELECT pg_sleep(60)")
        assert interrupted.value.completed == 0
        assert send(connection, b"SELECT 1") == 1


def test_a_cancel_that_overtakes_the_statement_is_sent_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = psycopg.Connection.cancel_safe
    cancels: list[float] = []

    def cancel_safe(connection: Connection, *, timeout: float) -> None:
        cancels.append(timeout)
        if len(cancels) > 1:
            usual(connection, timeout=timeout)

    monkeypatch.setattr(psycopg.Connection, "cancel_safe", cancel_safe)
    with opened(database.url) as connection:
        interrupt_before_waiting(monkeypatch)
        with pytest.raises(wire.MessageInterrupted) as interrupted:
            wire.send(connection, b"SELECT pg_sleep(60)")
        assert interrupted.value.completed == 0
        assert wire.send(connection, b"SELECT 1") == 1


def interrupt_before_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = psycopg.Connection.wait
    interrupts = [KeyboardInterrupt()]

    def wait(connection: Connection, generator: Any, **limits: Any) -> Any:
        if interrupts:
            raise interrupts.pop()
        return usual(connection, generator, **limits)

    monkeypatch.setattr(psycopg.Connection, "wait", wait)
