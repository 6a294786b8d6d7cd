"""Asks a server over its socket whether it accepts connections, without a client library.

The first messages of PostgreSQL's protocol 3.0 are enough for that and take a few milliseconds;
just loading a driver would take longer than a command may spend on finding its server running.
https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
"""

from __future__ import annotations

import socket
import struct
from contextlib import closing
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PROTOCOL_3_0 = 196608
_TIMEOUT_SECONDS = 5.0
_LONGEST_MESSAGE = 30_000  # libpq's limit for messages that should be short
_TERMINATE = b"X\x00\x00\x00\x04"


class Greeting(Enum):
    """The answer of a server that accepts connections to a client that wants a database."""

    READY = "ready"
    NO_DATABASE = "no such database"


# Errors by SQLSTATE. None: the server is starting or stopping, and accepts no connections now.
_REFUSALS = {b"3D000": Greeting.NO_DATABASE, b"57P03": None}


def knock(socket_file: Path, *, user: str, database: str) -> Greeting | None:
    """Opens a connection, reads the answer and closes it; None while no connections are accepted.

    READY also covers a server that refuses for another reason, such as too many clients: it is
    there, and a real connection will show the error.
    """
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(_TIMEOUT_SECONDS)
        try:
            connection.connect(str(socket_file))
            connection.sendall(_startup_message(user, database))
            return _read_answer(connection)
        except OSError:
            return None


def _startup_message(user: str, database: str) -> bytes:
    fields = ("user", user, "database", database, "application_name", "sqlmig", "", "")
    body = "\0".join(fields).encode()
    return struct.pack("!ii", len(body) + 8, _PROTOCOL_3_0) + body


def _read_answer(connection: socket.socket) -> Greeting | None:
    with connection.makefile("rb") as messages:
        while len(header := messages.read(5)) == 5:
            kind, length = struct.unpack("!ci", header)
            if not 4 <= length <= _LONGEST_MESSAGE:
                break
            body = messages.read(length - 4)
            if kind == b"Z":
                connection.sendall(_TERMINATE)
                return Greeting.READY
            if kind == b"E":
                state = next((each[1:] for each in body.split(b"\0") if each[:1] == b"C"), b"")
                return _REFUSALS.get(state, Greeting.READY)
    return None
