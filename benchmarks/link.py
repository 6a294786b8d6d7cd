"""A slow link to the server that delays bytes and counts round trips.

It is a proxy between two Unix sockets, in its own thread.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 16


@dataclass(slots=True)
class Link:
    """The connection to a server, with a delay of `delay` seconds in each direction.

    Clients find a socket with the server's own name in `folder`. `round_trips` counts how often a
    client sent something after it had received an answer: how often it waited, however much it sent
    at a time.
    """

    server: Path
    folder: Path
    delay: float
    round_trips: int = 0

    async def serve(self, opened: Future[Callable[[], object]]) -> None:
        """Accepts connections until the function that it passes to `opened` is called, from any
        thread."""
        loop, end = asyncio.get_running_loop(), asyncio.Event()
        own = self.folder / self.server.name
        async with await asyncio.start_unix_server(self._converse, own):
            opened.set_result(lambda: loop.call_soon_threadsafe(end.set))
            await end.wait()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self.server)
        conversation = _Conversation(self)
        try:
            await asyncio.gather(
                self._pass_on(reader, to_server, conversation.client_spoke),
                self._pass_on(from_server, writer, conversation.server_spoke),
            )
        finally:
            to_server.close()
            writer.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, spoke: Callable[[], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                spoke()
                loop.call_later(self.delay, writer.write, data)
        await asyncio.sleep(self.delay)
        writer.close()


@dataclass(slots=True)
class _Conversation:
    """Whose turn it is on one connection."""

    link: Link
    awaits_answer: bool = False

    def client_spoke(self) -> None:
        """The first bytes since the server's last answer begin a round trip."""
        self.link.round_trips += not self.awaits_answer
        self.awaits_answer = True

    def server_spoke(self) -> None:
        """The answer, or its beginning, has arrived."""
        self.awaits_answer = False


@contextmanager
def slow_link(server: Path, delay: float) -> Iterator[Link]:
    """A link to the server behind that socket, open until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="sqlmig-link-", dir="/var/tmp") as folder:
        link = Link(server, Path(folder), delay)
        opened: Future[Callable[[], object]] = Future()
        thread = threading.Thread(target=lambda: asyncio.run(link.serve(opened)), daemon=True)
        thread.start()
        end = opened.result()
        try:
            yield link
        finally:
            end()
            thread.join()
