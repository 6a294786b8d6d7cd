"""Seeds a database and kills itself with SIGKILL just before it sends its n-th command.

Arguments: the folder of fixtures, the environment, the URL, n. It ends normally if it sends fewer
commands.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import CommandStartedEvent

from sqlmig.model import Environment
from sqlmig.mongo.fixtures import read_fixtures
from sqlmig.mongo.seeder import MongoSeeder
from sqlmig.mongo.stamp import claim
from tests.mongo.mongo import Commands


class Killer(Commands):
    """Kills the process at the n-th command."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self._n = n

    def started(self, event: CommandStartedEvent) -> None:
        super().started(event)
        if len(self.sent) == self._n:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(folder: str, environment: str, url: str, n: str) -> None:
    fixtures = read_fixtures(Path(folder))
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        url, event_listeners=[Killer(int(n))]
    )
    database = client.get_default_database()
    await claim(database, Environment(environment))
    await MongoSeeder(database, fixtures, Environment(environment)).seed()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
