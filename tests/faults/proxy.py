"""A network between runner and server that can fail: TCP on this machine, forwarded to the server's
socket."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.database import Database

_PIECE_BYTES = 1 << 16


@dataclass
class Proxy:
    """Forwards every connection unless configured otherwise.

    `lose_answer_to`: if a client sends a matching message, its connection is cut on the client's
    side; the server still receives the message and answers it. `keeps_orphans`: the server does not
    notice when a client disconnects. `delay` holds back every answer for that many seconds.
    `strike` is called before the message with that number, counted over all connections, reaches
    the server; `messages` counts them. With `refuses`, new connections are closed at once.
    """

    server: Path
    listener: socket.socket
    lose_answer_to: re.Pattern[bytes] | None = None
    keeps_orphans: bool = False
    delay: float = 0.0
    strike: Callable[[socket.socket], None] | None = None
    strike_at: int = 0
    messages: int = 0
    refuses: bool = False
    _ends: list[socket.socket] = field(default_factory=list)

    def url(self, database: Database) -> str:
        """The database's URL through this proxy."""
        port = self.listener.getsockname()[1]
        return f"postgresql://postgres@127.0.0.1:{port}/{database.connection.info.dbname}"

    def cut(self) -> None:
        """Cuts all connections at both ends; new ones are accepted."""
        while self._ends:
            _close(self._ends.pop())

    def cut_for_good(self) -> None:
        """Cuts all connections and refuses new ones, as if the server were gone."""
        self.refuses = True
        self.cut()

    def cut_one(self, client: socket.socket) -> None:
        """Cuts only the connection of that client."""
        _close(client)

    def close(self) -> None:
        """Accepts no more connections."""
        _close(self.listener)

    def serve(self) -> None:
        """Accepts connections until the listener is closed."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refuses:
                _close(client)
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(str(self.server))
            except OSError:
                _close(client)
                _close(server)
                continue
            self._ends += (client, server)
            _in_background(partial(self._forward_questions, client, server))
            _in_background(partial(self._forward_answers, client, server))

    def _forward_questions(self, client: socket.socket, server: socket.socket) -> None:
        sent = b""
        with suppress(OSError):
            while piece := client.recv(_PIECE_BYTES):
                sent = (sent + piece)[-_PIECE_BYTES:]
                if self.lose_answer_to and self.lose_answer_to.search(sent):
                    self.lose_answer_to = None
                    _close(client)
                self.messages += 1
                if self.strike and self.messages == self.strike_at:
                    self.strike(client)
                server.sendall(piece)
        if not self.keeps_orphans:
            with suppress(OSError):
                server.shutdown(socket.SHUT_WR)

    def _forward_answers(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := server.recv(_PIECE_BYTES):
                time.sleep(self.delay)
                client.sendall(piece)
        if not self.keeps_orphans:
            _close(server)
        _close(client)


@contextmanager
def proxied(database: Database) -> Iterator[Proxy]:
    """A proxy in front of the database's server; all its connections end with the block."""
    info = database.connection.info
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = Proxy(Path(info.host, f".s.PGSQL.{info.port}"), listener)
    _in_background(proxy.serve)
    try:
        yield proxy
    finally:
        _close(listener)
        proxy.cut()


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
