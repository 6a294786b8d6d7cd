"""One call of EmbeddedPostgres in a separate process, under another user id if one is given.

Everything is imported before the user id changes, because the account may not have access to our
Python. Prints the status after the call, or the error, as JSON.
"""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from sqlmig.embedded import EmbeddedError, EmbeddedPostgres
from tests.command import run_command
from tests.forkserver import Command

REPOSITORY = Path(__file__).parents[2]


@dataclasses.dataclass(frozen=True)
class Child:
    """A process that makes one call on the embedded server of `root`, as the user `uid`."""

    root: Path
    uid: int = os.geteuid()
    environment: dict[str, str] = dataclasses.field(default_factory=dict)

    def begin(self, call: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.child", call, str(self.root), str(self.uid)],
            cwd=REPOSITORY,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            text=True,
        )

    def beside(self, name: str) -> "Child":
        """The same account in another project with that name, next to this one."""
        return dataclasses.replace(self, root=self.root.parent / name / ".sqlmig")

    def call(self, call: str) -> dict[str, Any]:
        words = [call, str(self.root), str(self.uid)]
        environment = {**os.environ, **self.environment}
        done = run_command(Command(words, str(REPOSITORY), environment, "tests.embedded.child"))
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


def answer_of(process: "subprocess.Popen[str]") -> dict[str, Any]:
    output, _ = process.communicate()
    assert process.returncode == 0
    answer: dict[str, Any] = json.loads(output)
    return answer


def main(call: str, root: str, uid: str) -> None:
    assert psycopg.__version__  # imported while our Python is still readable
    if int(uid) != os.geteuid():
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))
    server = EmbeddedPostgres(Path(root))
    try:
        getattr(server, call)()
        answer = dataclasses.asdict(server.status())
    except EmbeddedError as error:
        answer = {"error": type(error).__name__, "text": str(error)}
    sys.stdout.write(json.dumps(answer, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
