"""Adds what the database has recorded of a missing rollback file to the error about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlmig.config import Config
from sqlmig.engine.database import Database
from sqlmig.errors import MissingRollbackError, SourceError, SqlmigError
from sqlmig.plan.restoring import with_record
from sqlmig.source.folders import single
from sqlmig.target.address import embedded_server


@contextmanager
def told_of_record(config: Config) -> Iterator[None]:
    """Completes the SourceError that its block raises, if the database can be reached; no server
    is started or waited for."""
    try:
        yield
    except SourceError as error:
        raise _with_record(config, error) from None


def _with_record(config: Config, error: SourceError) -> SourceError:
    if not any(isinstance(each, MissingRollbackError) for each in single(error)):
        return error
    try:
        if config.is_embedded and not embedded_server(config).status().running:
            return error
        with Database(replace(config, wait_for_database=0)).history() as history:
            return with_record(error, history.read())
    except SqlmigError:
        return error
