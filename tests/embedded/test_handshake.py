"""What is made of the answers of a server that is not PostgreSQL."""

import socket
import threading
from pathlib import Path

import pytest

from sqlmig.embedded.handshake import knock


@pytest.mark.parametrize(
    "answer",
    [b"", b"E\0", b"R\0\0\0\x03", b"R\xff\xff\xff\xff", b"R\x7f\xff\xff\xff"],
    ids=["nothing", "half a header", "shorter than its length", "negative", "2 GiB"],
)
def test_an_answer_that_is_not_postgresqls_is_none(tmp_path: Path, answer: bytes) -> None:
    place = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        threading.Thread(target=_answer_once, args=(listener, answer)).start()
        assert knock(place, user="postgres", database="sqlmig") is None


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(answer)
