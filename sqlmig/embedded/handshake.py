"""Asks a server over its socket whether it takes connections, without a client library.

The first messages of PostgreSQL's protocol 3.0 are enough to know, and a few milliseconds; loading
a driver alone would take longer than a command may spend on finding its server running.
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
_LONGEST_MESSAGE = 30_000  # as libpq's for a message that should be short
_TERMINATE = b"X\x00\x00\x00\x04"


class Greeting(Enum):
    """What a server that takes connections says to a client that wants a database."""

    READY = "ready"
    NO_DATABASE = "no such database"


# Errors by SQLSTATE. None: the server starts or stops, and takes no connections now.
_REFUSALS = {b"3D000": Greeting.NO_DATABASE, b"57P03": None}


def knock(socket_file: Path, *, user: str, database: str) -> Greeting | None:
    """Opens a connection, reads the answer, and closes it; None while no connection is taken.

    READY also covers a server that refuses for another reason (too many clients, say): it is there,
    and a real connection will tell.
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
