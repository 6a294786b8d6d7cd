"""URLs and servers that cannot be used, and that no password is ever shown."""

from __future__ import annotations

import pytest

from sqlmig.errors import ConfigError, DatabaseUnavailableError
from sqlmig.mongo.connection import connected
from sqlmig.mongo.seeder import MongoSeeder
from tests.mongo.seeds import PRODUCTION, Seeds

PASSWORD = "hunter2"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost/school",
        f"postgresql://u:{PASSWORD}@localhost/school",
        f"mongodb://u:{PASSWORD}@localhost",
        f"mongodb://u:{PASSWORD}@localhost/",
        f"mongodb://u:{PASSWORD}@x@localhost/school",
        f"mongodb://u:{PASSWORD}/x@localhost/school",
        f"mongodb://u:{PASSWORD}@localhost:port/school",
        f"mongodb://u:{PASSWORD}@localhost/sch ool",
    ],
)
async def test_a_url_that_cannot_be_used_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigError, match="the MongoDB URL cannot be used") as caught:
        async with connected(url):
            pass
    assert caught.value.__cause__ is None
    assert PASSWORD not in str(caught.value)
    assert "mongodb://user@host:27017/database" in caught.value.remedy


async def test_a_server_that_is_not_there_is_told_with_its_place_and_without_the_password(
    seeds: Seeds,
) -> None:
    seeds.documents("reference/10_classes.json", {"_id": "a"})
    url = f"mongodb://u:{PASSWORD}@127.0.0.1:1,127.0.0.1:2/x?serverSelectionTimeoutMS=200"
    async with connected(url) as database:
        with pytest.raises(DatabaseUnavailableError) as caught:
            await MongoSeeder(database, seeds.read(), PRODUCTION).compare()
    assert "no connection to MongoDB\n127.0.0.1:" in caught.value.message
    assert all(f"127.0.0.1:{port}: " in caught.value.message for port in (1, 2))
    assert "timeout" not in str(caught.value).lower()
    assert "Topology" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


async def test_motor_is_what_a_url_is_opened_with(mongo_url: str, seeds: Seeds) -> None:
    seeds.documents("reference/10_classes.json", {"_id": "a"})
    async with connected(mongo_url) as database:
        assert type(database).__module__.startswith("motor.")
        assert (await MongoSeeder(database, seeds.read(), PRODUCTION).seed()).differs
