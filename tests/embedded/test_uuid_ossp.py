"""The uuid-ossp that the embedded server offers where the installation has none."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlmig.embedded import EmbeddedPostgres
from sqlmig.embedded.programs import wheel_folder

Connection = psycopg.Connection[tuple[uuid.UUID]]

# PostgreSQL's text holds neither NUL nor surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)


@pytest.fixture(scope="module")
def connection(used_root: Path) -> Iterator[Connection]:
    """A connection to a server of the wheel's, which comes without uuid-ossp."""
    server = EmbeddedPostgres(used_root, programs=wheel_folder())
    try:
        server.start()
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute('CREATE EXTENSION "uuid-ossp"')
            yield connection
    finally:
        server.reset()


def value(connection: Connection, call: str, *arguments: object) -> uuid.UUID:
    row = connection.execute(f"SELECT {call}".encode(), arguments).fetchone()
    assert row is not None
    return row[0]


@given(namespace=st.uuids(), name=texts)
def test_version_3_is_pythons(connection: Connection, namespace: uuid.UUID, name: str) -> None:
    made = value(connection, "uuid_generate_v3(%s, %s)", namespace, name)
    assert made == uuid.uuid3(namespace, name)


@given(namespace=st.uuids(), name=texts)
def test_version_5_is_pythons(connection: Connection, namespace: uuid.UUID, name: str) -> None:
    made = value(connection, "uuid_generate_v5(%s, %s)", namespace, name)
    assert made == uuid.uuid5(namespace, name)


def test_version_5_pads_a_name_of_any_length(connection: Connection) -> None:
    for name in ("n" * length for length in range(130)):
        made = value(connection, "uuid_generate_v5(uuid_ns_url(), %s)", name)
        assert made == uuid.uuid5(uuid.NAMESPACE_URL, name)


@pytest.mark.parametrize("function", ["uuid_generate_v1", "uuid_generate_v1mc"])
def test_version_1_carries_the_time_and_a_node_that_is_no_network_card(
    connection: Connection, function: str
) -> None:
    rows = connection.execute(f"SELECT {function}() FROM generate_series(1, 2000)".encode())
    made = [row[0] for row in rows]
    assert len(set(made)) == 2000
    now = uuid.uuid1().time
    for each in made:
        assert (each.version, each.variant) == (1, uuid.RFC_4122)
        assert each.node >> 40 & 1 == 1
        assert abs(each.time - now) < 60 * 10_000_000


def test_version_4_is_random(connection: Connection) -> None:
    made = {value(connection, "uuid_generate_v4()") for _ in range(100)}
    assert len(made) == 100
    assert {(each.version, each.variant) for each in made} == {(4, uuid.RFC_4122)}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("uuid_nil()", uuid.UUID(int=0)),
        ("uuid_ns_dns()", uuid.NAMESPACE_DNS),
        ("uuid_ns_url()", uuid.NAMESPACE_URL),
        ("uuid_ns_oid()", uuid.NAMESPACE_OID),
        ("uuid_ns_x500()", uuid.NAMESPACE_X500),
    ],
)
def test_the_constants_are_those_of_the_standard(
    connection: Connection, call: str, expected: uuid.UUID
) -> None:
    assert value(connection, call) == expected


def test_the_functions_work_in_a_schema_that_is_not_searched(connection: Connection) -> None:
    connection.execute('CREATE SCHEMA apart; ALTER EXTENSION "uuid-ossp" SET SCHEMA apart')
    try:
        made = value(connection, "apart.uuid_generate_v5(apart.uuid_ns_dns(), 'sqlmig')")
        assert made == uuid.uuid5(uuid.NAMESPACE_DNS, "sqlmig")
        assert value(connection, "apart.uuid_generate_v1mc()").version == 1
    finally:
        connection.execute('ALTER EXTENSION "uuid-ossp" SET SCHEMA public; DROP SCHEMA apart')
