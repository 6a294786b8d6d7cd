"""Upserts students with the driver alone, and prints the seconds.

Usage: python -m benchmarks.bulk_write COUNT URL; building the documents is not timed.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import UpdateOne

from benchmarks.documents import students

_BATCH = 1_000  # the seeder's


async def main(count: int, url: str) -> None:
    """Runs the same upserts, in the same batches, as the seeder."""
    documents = list(students(count))
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(url)
    collection = client.get_default_database()["students"]
    began = time.perf_counter()
    for start in range(0, count, _BATCH):
        requests = [
            UpdateOne(
                {"_id": document["_id"]},
                {"$set": {name: document[name] for name in document if name != "_id"}},
                upsert=True,
            )
            for document in documents[start : start + _BATCH]
        ]
        await collection.bulk_write(requests, ordered=False)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
