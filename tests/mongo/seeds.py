"""A folder of fixtures that a test fills, read as for an environment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmig.errors import FixtureError, UnusableFilesError
from sqlmig.model import Environment
from sqlmig.mongo.fixtures import Fixtures, read_fixtures

DEVELOPMENT, TESTING, PRODUCTION = Environment


@dataclass(frozen=True)
class Seeds:
    """Fixtures below `root`, which is a project's `mongo_seeds`."""

    root: Path

    def text(self, relative: str, content: str | bytes) -> Path:
        """Writes a file with exactly that content."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def documents(self, relative: str, *documents: dict[str, Any]) -> Path:
        """Writes documents, one per line."""
        lines = ",\n".join(json.dumps(document) for document in documents)
        return self.text(relative, f"[\n{lines}\n]\n")

    def schema(self, collection: str, **rules: Any) -> Path:
        """Writes the rules of a collection."""
        return self.text(f"schemas/{collection}.json", json.dumps(rules))

    def read(self) -> Fixtures:
        """The fixtures, of all tiers."""
        return read_fixtures(self.root)

    def problems(self) -> Sequence[FixtureError]:
        """All errors in the fixtures."""
        try:
            self.read()
        except UnusableFilesError as several:
            return [error for error in several.errors if isinstance(error, FixtureError)]
        except FixtureError as error:
            return [error]
        return []

    def problem(self) -> FixtureError:
        """The only error in the fixtures."""
        (problem,) = self.problems()
        return problem

    def place(self, problem: FixtureError) -> str:
        """The place of a problem: file:line:column, with a path relative to `root`."""
        return str(problem.location).removeprefix(f"{self.root}/")
