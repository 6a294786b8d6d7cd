"""Runs again what met another session's lock."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence

from sqlmig.engine.server.failure import ScriptError
from sqlmig.model import Observer

_log = logging.getLogger("sqlmig")
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0


def pause(names: Sequence[str], failure: ScriptError, tries: int, observer: Observer) -> None:
    """Backs off after so many tries, with jitter, so that two runners do not meet again."""
    delay = min(_FIRST_DELAY * 2 ** (tries - 1), _LONGEST_DELAY) * random.uniform(0.5, 1.5)  # noqa: S311  # no secret
    _log.warning("%s; trying again in %.1f s", failure.message, delay)
    observer.retrying(names, failure.message, delay)
    time.sleep(delay)
