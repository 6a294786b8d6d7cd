"""The errors of an embedded server: each is an `EmbeddedError`, exit code 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmig.errors import ExecutionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class EmbeddedError(ExecutionError):
    """The embedded server could not be found, created, started or stopped."""


class AccountError(EmbeddedError):
    """There is no account that PostgreSQL can run under."""


class FolderError(EmbeddedError):
    """A folder of the embedded server cannot be used: `folder` is its path."""

    def __init__(self, folder: Path, reason: str, *, remedy: str) -> None:
        self.folder = folder
        super().__init__(f"the folder {folder} cannot be used: {reason}", remedy=remedy)


class ProgramsNotFoundError(EmbeddedError):
    """There are no usable PostgreSQL programs; `probes` lists each place searched and what was
    there."""

    def __init__(self, probes: Sequence[str], *, remedy: str) -> None:
        self.probes = tuple(probes)
        lines = ("no programs of PostgreSQL 15 or newer were found; searched:", *self.probes)
        super().__init__("\n  ".join(lines), remedy=remedy)


class ClusterVersionError(EmbeddedError):
    """The programs of the major version that created the cluster are not installed."""

    def __init__(self, cluster: int, found: Sequence[str]) -> None:
        self.cluster = cluster
        self.found = tuple(found)
        super().__init__(
            f"the embedded cluster was created by PostgreSQL {cluster}, "
            f"but the programs found are of {', '.join(self.found)}; nothing was changed",
            remedy=f"Install PostgreSQL {cluster} again, or delete the cluster and its data "
            "with `sqlmig embedded reset`.",
        )


class WantedVersionError(EmbeddedError):
    """The programs of the major version in the settings are not installed."""

    def __init__(self, wanted: int, found: Sequence[str]) -> None:
        super().__init__(
            f"embedded_version is {wanted}, but the programs found are of {', '.join(found)}; "
            "nothing was changed",
            remedy=f"Install PostgreSQL {wanted}, or name the folder of its programs in "
            "SQLMIG_PG_BINDIR; or change embedded_version.",
        )


def refuse_other_version(cluster: int | None, wanted: int | None) -> None:
    """Raises EmbeddedError if the cluster's major version differs from the wanted one."""
    if cluster is not None and wanted not in (None, cluster):
        raise EmbeddedError(
            f"the embedded cluster was created by PostgreSQL {cluster}, but embedded_version is "
            f"{wanted}; nothing was changed",
            remedy=f"Set embedded_version to {cluster}, or delete the cluster and its data with "
            "`sqlmig embedded reset`.",
        )


class ServerStartError(EmbeddedError):
    """A PostgreSQL program failed; `output` is its output or its log."""

    def __init__(self, message: str, *, output: str) -> None:
        self.output = output
        super().__init__(
            "\n  ".join((message, *output.splitlines())),
            remedy="Fix the reported problem and try again; `sqlmig embedded reset` deletes "
            "the data and starts over.",
        )


class ServerStopError(EmbeddedError):
    """The server was asked to stop, but is still running."""

    def __init__(self, pid: int, seconds: float) -> None:
        super().__init__(
            f"the embedded server (pid {pid}) has not stopped within {seconds:.0f} s",
            remedy="It may still be writing to disk: try again; `kill -QUIT` ends it at once.",
        )
