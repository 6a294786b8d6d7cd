"""Scripts as they are, and what was said of migrations without running them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmig.model import Script
from sqlmig.report.json.document import document


def script(found: Script) -> str:
    """A script and where it is from."""
    return document(path=found.path, checksum=found.checksum, sql=found.text)


def marked(migration_ids: Sequence[str]) -> str:
    """Which migrations count as applied now."""
    return document(marked=list(migration_ids), unmarked=[])


def unmarked(migration_ids: Sequence[str]) -> str:
    """Which migrations count as not applied now."""
    return document(marked=[], unmarked=list(migration_ids))
