"""The seeder against a bare `bulk_write` of the same upserts in the same batches.

    python -m benchmarks.mongo_seeder [DOCUMENTS] [URL]
    python -m benchmarks.mongo_seeder --read [DOCUMENTS]

The second form only reads and checks fixtures, by default a million documents; its time is
processor time. In the first, the seeder's time includes everything: reading and checking the
fixtures, comparing, writing, the ledger. Each measurement runs in its own process, on an emptied
database; without a URL, the embedded server is used.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import MongoClient, UpdateOne

from sqlmig.embedded import EmbeddedMongo
from sqlmig.model import Environment
from sqlmig.mongo.connection import connected
from sqlmig.mongo.fixtures import read_fixtures
from sqlmig.mongo.seeder import MongoSeeder

ROUNDS = 5
BATCH = 1_000
SCHEMA = {
    "schema": {
        "type": "object",
        "required": ["_id", "name", "class_id", "email"],
        "properties": {
            "_id": {"type": "string", "pattern": "^student-"},
            "name": {"type": "string", "minLength": 1},
            "class_id": {"type": "string"},
            "email": {"type": "string"},
        },
    },
    "references": {"class_id": "classes._id"},
}


def write_fixtures(folder: Path, count: int) -> None:
    """A project's fixtures: 13 classes, and that many students that refer to them."""
    for tier in ("reference", "demo", "schemas"):
        (folder / tier).mkdir()
    classes = [{"_id": f"class-{number}"} for number in range(13)]
    (folder / "reference/10_classes.json").write_text(json.dumps(classes))
    # Line by line: the system counts this process's memory towards the processes that it starts,
    # too.
    with (folder / "demo/20_students.demo.json").open("w") as file:
        file.write("[\n")
        file.writelines(f"{',' if n else ''}{json.dumps(each)}\n" for n, each in students(count))
        file.write("]\n")
    (folder / "schemas/students.json").write_text(json.dumps(SCHEMA))


def students(count: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """That many students, numbered from 0."""
    for number in range(count):
        yield (
            number,
            {
                "_id": f"student-{number:06}",
                "is_demo": True,
                "name": f"Student Number {number}",
                "class_id": f"class-{number % 13}",
                "email": f"student-{number}@example.org",
                "roll": number,
            },
        )


async def bare(count: int, url: str) -> float:
    """The seconds to upsert the same documents, already in memory, without anything else."""
    documents = [document for _, document in students(count)]
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(url)
    collection = client.get_default_database()["students"]
    began = time.perf_counter()
    for start in range(0, count, BATCH):
        requests = [
            UpdateOne(
                {"_id": document["_id"]},
                {"$set": {name: document[name] for name in document if name != "_id"}},
                upsert=True,
            )
            for document in documents[start : start + BATCH]
        ]
        await collection.bulk_write(requests, ordered=False)
    return time.perf_counter() - began


async def seeded(folder: str, url: str) -> float:
    """The seconds to read, check and seed the fixtures."""
    began = time.perf_counter()
    fixtures = read_fixtures(Path(folder))
    async with connected(url) as database:
        await MongoSeeder(database, fixtures, Environment.DEVELOPMENT).seed()
    return time.perf_counter() - began


def read(folder: str) -> float:
    """The processor seconds to read and check the fixtures."""
    began = time.process_time()
    read_fixtures(Path(folder))
    return time.process_time() - began


def show_reading(count: int) -> None:
    """Prints the cost of reading and checking, for an array and for a document on each line."""
    command = [sys.executable, "-m", "benchmarks.mongo_seeder", "read"]
    with tempfile.TemporaryDirectory() as folder:
        write_fixtures(Path(folder), count)
        path = Path(folder, "demo/20_students.demo.json")
        for form in ("array", "lines"):
            seconds, megabytes = subprocess.check_output([*command, folder], text=True).split()
            print(
                f"{count:,} documents, {path.stat().st_size / 1e6:.0f} MB, {form}: "
                f"{float(seconds):.1f} s of processor time, peak {float(megabytes):.0f} MB"
            )
            with path.open("w") as file:
                file.writelines(f"{json.dumps(each)}\n" for _, each in students(count))


def measured(what: str, argument: str, url: str) -> tuple[float, float]:
    """The seconds and peak megabytes of one measurement, in its own process."""
    with MongoClient[dict[str, Any]](url) as client:
        client.drop_database(client.get_default_database().name)
    command = [sys.executable, "-m", "benchmarks.mongo_seeder", what, argument, url]
    seconds, megabytes = subprocess.check_output(command, text=True).split()
    return float(seconds), float(megabytes)


def compare(count: int, url: str) -> None:
    """Prints the figures of both, measured alternately."""
    with tempfile.TemporaryDirectory() as folder:
        write_fixtures(Path(folder), count)
        rounds = [
            (measured("bare", str(count), url), measured("seeded", folder, url))
            for _ in range(ROUNDS)
        ]
    for name, index in (("bare bulk_write", 0), ("sqlmig", 1)):
        seconds = statistics.median(each[index][0] for each in rounds)
        megabytes = max(each[index][1] for each in rounds)
        print(f"{name:16} {count / seconds:9,.0f} documents/s  peak {megabytes:4.0f} MB")
    ratios = [with_nothing[0] / with_seeder[0] for with_nothing, with_seeder in rounds]
    print(f"ratio            {statistics.median(ratios):9.2f}  (of {ROUNDS} rounds, the median)")


def main(*arguments: str) -> None:
    if arguments[:1] in (("bare",), ("seeded",)):
        what, argument, url = arguments
        call = bare(int(argument), url) if what == "bare" else seeded(argument, url)
        seconds = asyncio.run(call)
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    if arguments[:1] == ("read",):
        print(read(arguments[1]), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    if arguments[:1] == ("--read",):
        show_reading(int(arguments[1]) if len(arguments) > 1 else 1_000_000)
        return
    count = int(arguments[0]) if arguments else 100_000
    if len(arguments) > 1:
        compare(count, arguments[1])
        return
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedMongo(Path(folder))
        try:
            compare(count, server.start().url or "")
        finally:
            server.reset()


if __name__ == "__main__":
    main(*sys.argv[1:])
