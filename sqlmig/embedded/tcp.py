"""A port on 127.0.0.1 for clients without socket support: who may connect, with which password.

The files are ours, in the server's home: the account that runs the server can only read the rules.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlmig.embedded.errors import EmbeddedError, ServerStartError
from sqlmig.embedded.files import read_regular
from sqlmig.embedded.folders import using
from sqlmig.embedded.home import PORT, Home

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"
_RULES = f"local all all trust\nhost all all {HOST}/32 scram-sha-256\n"
_ITERATIONS = 4096  # PostgreSQL's default
_SET = 'printf "%s\\n" "$3" | "$1" --single -D "$2" postgres'


def refuse_other_port(home: Home, port: int | None) -> None:
    """Raises EmbeddedError if the running server does not listen on that port."""
    if port is not None and home.tcp_port != port:
        at = "no port" if home.tcp_port is None else f"port {home.tcp_port}"
        raise EmbeddedError(
            f"the embedded server runs and listens on {at}, but embedded_port is {port}",
            remedy="Restart it: sqlmig embedded stop, then sqlmig embedded start.",
        )


def tcp_url(home: Home, user: str, database: str) -> str | None:
    """The URL with the password, for clients on this machine; None if the server has no port."""
    if home.tcp_port is None:
        return None
    password = read_regular(home.password).decode("ascii")
    return f"postgresql://{user}:{password}@{HOST}:{home.tcp_port}/{quote(database, safe='')}"


def prepare_tcp(home: Home, port: int | None, postgres: Path, user: str) -> dict[str, str]:
    """Prepares the server's next start to listen on that port, or on none; returns its settings for
    that.

    The first time, sets a random password for the superuser, in a process that nobody can connect
    to.
    """
    with using(home.path):
        if port is None:
            home.port_file.unlink(missing_ok=True)
            return {"listen_addresses": "", "port": str(PORT)}
        if not home.password.exists():
            _set_password(home, postgres, user)
        _write(home.rules, _RULES, 0o644)
        _write(home.port_file, str(port), 0o644)
    return {"listen_addresses": HOST, "port": str(port), "hba_file": str(home.rules)}


def _set_password(home: Home, postgres: Path, user: str) -> None:
    password = secrets.token_urlsafe(24)
    statement = f"ALTER ROLE {user} PASSWORD '{_verifier(password, secrets.token_bytes(16))}'"
    done = home.account.shell(_SET, postgres, home.data, statement)
    if done.returncode != 0 or "ERROR" in done.stdout:
        raise ServerStartError("the password could not be set", output=done.stdout)
    _write(home.password, password, 0o600)


def _verifier(password: str, salt: bytes) -> str:
    """The form in which PostgreSQL stores a password (RFC 5803), so that no command line shows the
    password."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored = hashlib.sha256(client).digest()
    parts = (base64.b64encode(part).decode() for part in (salt, stored, server))
    salt64, stored64, server64 = parts
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt64}${stored64}:{server64}"


def _write(path: Path, text: str, mode: int) -> None:
    """Writes a new file, replacing an existing one."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123  # a descriptor
        os.fchmod(descriptor, mode)
        file.write(text)
