"""A port on 127.0.0.1 with a password, and the version that the settings want."""

from __future__ import annotations

import re
import socket
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from sqlmig import Config, ConfigError
from sqlmig.embedded import EmbeddedError, EmbeddedPostgres
from sqlmig.embedded.errors import WantedVersionError
from sqlmig.embedded.home import folder_in_memory
from sqlmig.embedded.programs import find_programs, wheel_folder
from sqlmig.target.address import server_for_tests
from tests.embedded.conftest import query, write_programs


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_a_port_is_open_to_those_with_the_password_alone() -> None:
    port = free_port()
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as folder:
        root = Path(folder)
        server = EmbeddedPostgres(root, programs=wheel_folder(), port=port)
        plain = EmbeddedPostgres(root, programs=wheel_folder())
        try:
            server.start()
            url = server.tcp_url()
            assert f"@127.0.0.1:{port}/sqlmig" in url
            assert query(url, "SELECT inet_server_port()") == port
            assert query(server.url(), "SELECT inet_server_port()") is None
            for password in ("wrong", ""):
                with pytest.raises(psycopg.OperationalError, match="password"):
                    query(make_conninfo(url, password=password), "SELECT 1")
            assert server.start() == server.status() == plain.start()
            with pytest.raises(EmbeddedError, match=f"listens on port {port}, but embedded_port"):
                EmbeddedPostgres(root, port=port + 1).start()
            query(server.url("postgres"), "DROP DATABASE sqlmig")
            with pytest.raises(EmbeddedError, match=f"listens on port {port}, but embedded_port"):
                EmbeddedPostgres(root, port=port + 1).start()
            server.stop()
            plain.start()
            with pytest.raises(EmbeddedError, match="listens on no port"):
                plain.tcp_url()
            with pytest.raises(EmbeddedError, match="listens on no port, but embedded_port"):
                server.start()
            plain.stop()
            server.start()
            assert server.tcp_url() == url
            secret = re.findall(":([^:@]+)@", url)[0]
            modes = [
                path.stat().st_mode & 0o077
                for path in root.rglob("*")
                if path.is_file() and secret.encode() in path.read_bytes()
            ]
            assert set(modes) <= {0}
        finally:
            server.reset()


def test_a_port_that_is_taken_is_said_in_the_server_s_words() -> None:
    with (
        tempfile.TemporaryDirectory(dir=folder_in_memory()) as folder,
        socket.create_server(("127.0.0.1", 0)) as taken,
    ):
        port = taken.getsockname()[1]
        server = EmbeddedPostgres(Path(folder), programs=wheel_folder(), port=port)
        try:
            with pytest.raises(EmbeddedError, match="Address already in use"):
                server.start()
        finally:
            server.reset()


def test_another_version_than_the_wanted_one_is_refused(tmp_path: Path) -> None:
    programs = write_programs(tmp_path / "programs", "17.4")
    with pytest.raises(WantedVersionError, match=r"embedded_version is 18, .* of 17\.4"):
        find_programs(chosen=programs, version=18)
    assert find_programs(chosen=programs, version=17).major == 17


def test_a_cluster_of_another_version_is_kept(
    used_server: EmbeddedPostgres, used_root: Path
) -> None:
    major = int(used_server.start().version or 0)
    with pytest.raises(EmbeddedError, match=f"by PostgreSQL {major}, but embedded_version is 99"):
        EmbeddedPostgres(used_root, version=99).start()
    assert EmbeddedPostgres(used_root, version=major).start().running


def test_both_are_settings(tmp_path: Path) -> None:
    (tmp_path / "sqlmig.toml").write_text("embedded_port = 54320\nembedded_version = 99\n")
    config = Config.load(tmp_path, environ={})
    assert (config.embedded_port, config.embedded_version) == (54320, 99)
    with pytest.raises(EmbeddedError, match="99"):
        server_for_tests(config).start()
    with pytest.raises(ConfigError, match="is not a port"):
        Config.load(tmp_path, {"embedded_port": 80}, environ={})
