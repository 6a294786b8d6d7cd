"""URLs and servers that cannot be used, and that no password is ever shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from sqlmig.errors import ConfigError, DatabaseUnavailableError
from sqlmig.mongo.connection import connected
from sqlmig.mongo.project import MongoProject
from sqlmig.mongo.seeder import MongoSeeder
from tests.mongo.seeds import PRODUCTION, Seeds
from tests.project import Project

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


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("tls=yes", "The value of tls must be 'true' or 'false'"),
        ("ssl=ture", "The value of ssl must be 'true' or 'false'"),
        ("tlss=true", "Unknown option"),
        ("sslmode=require", "Unknown option"),
        ("tls=true&tls=false", "Duplicate URI option"),
        ("ssl=true&tls=false", "conflicting values for URI options ssl and tls"),
        ("tlsInsecure=true&tlsAllowInvalidCertificates=true", "cannot be specified simultaneously"),
        ("tls=true&tlsCAFile=/nope", "its TLS files: The tlscafile file is not readable"),
        ("tls=true&tlsCertificateKeyFile=/nope", "The tlscertificatekeyfile file is not readable"),
        ("tls=true&tlsCAFile={file}", "no certificate or crl found"),
        ("tls=true&tlsCertificateKeyFile={file}", "Private key doesn't match certificate"),
        ("authMechanism=SCRAM", "authmechanism must be in"),
    ],
)
async def test_an_option_that_would_be_ignored_or_a_tls_file_that_cannot_be_used_is_refused(
    tmp_path: Path, driver: str, options: str, words: str
) -> None:
    file = tmp_path / "empty.pem"
    file.write_text("nothing\n")
    url = f"mongodb://u:{PASSWORD}@localhost/school?{options.format(file=file)}"
    with pytest.raises(ConfigError) as caught:
        async with connected(url, driver):
            pass
    assert caught.value.message.startswith("the MongoDB URL cannot be used: ")
    assert words in caught.value.message
    assert PASSWORD not in str(caught.value)
    assert "well-formed" not in str(caught.value)


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_a_host_without_a_name_in_the_dns_is_a_connection_that_fails_with_its_cause(
    seeds: Seeds, driver: str
) -> None:
    seeds.documents("reference/10_classes.json", {"_id": "a"})
    async with connected(f"mongodb+srv://u:{PASSWORD}@nowhere.invalid/x", driver) as database:
        with pytest.raises(DatabaseUnavailableError) as caught:
            await MongoSeeder(database, seeds.read(), PRODUCTION).compare()
    assert "nowhere.invalid" in caught.value.message
    assert "privileges" not in caught.value.remedy
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("is_missing", [True, False])
async def test_pymongo_s_own_client_is_used_by_a_setting_or_where_motor_is_missing(
    mongo_url: str, seeds: Seeds, monkeypatch: pytest.MonkeyPatch, is_missing: bool
) -> None:
    seeds.documents("reference/10_classes.json", {"_id": "a"})
    if is_missing:
        monkeypatch.setitem(sys.modules, "motor.motor_asyncio", None)
    async with connected(mongo_url, None if is_missing else "pymongo") as database:
        assert type(database).__module__.startswith("pymongo.asynchronous")
        assert (await MongoSeeder(database, seeds.read(), PRODUCTION).seed()).differs


def test_the_setting_names_the_driver_of_a_project(
    project: Project, mongo_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Seeds(project.root / "mongo_seeds").documents("reference/10_classes.json", {"_id": "a"})
    monkeypatch.setattr(AsyncIOMotorClient, "__init__", None)
    config = project.config(mongo=mongo_url, mongo_driver="pymongo")
    assert MongoProject(config).seed().differs
    with pytest.raises(ConfigError, match="is not a driver: expected motor or pymongo"):
        project.config(mongo_driver="mongoose")


async def test_motor_is_what_a_url_is_opened_with(mongo_url: str, seeds: Seeds) -> None:
    seeds.documents("reference/10_classes.json", {"_id": "a"})
    async with connected(mongo_url) as database:
        assert type(database).__module__.startswith("motor.")
        assert (await MongoSeeder(database, seeds.read(), PRODUCTION).seed()).differs
