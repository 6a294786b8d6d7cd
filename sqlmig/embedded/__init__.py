"""Servers for people who have none yet, for development and tests only, on Linux and macOS."""

from sqlmig.embedded.errors import (
    AccountError,
    ClusterVersionError,
    EmbeddedError,
    FolderError,
    ProgramsNotFoundError,
    ServerStartError,
    ServerStopError,
)
from sqlmig.embedded.mongo import EmbeddedMongo, MongoStatus
from sqlmig.embedded.postgres import EmbeddedPostgres, ServerStatus, temporary_postgres

__all__ = [
    "AccountError",
    "ClusterVersionError",
    "EmbeddedError",
    "EmbeddedMongo",
    "EmbeddedPostgres",
    "FolderError",
    "MongoStatus",
    "ProgramsNotFoundError",
    "ServerStartError",
    "ServerStatus",
    "ServerStopError",
    "temporary_postgres",
]
