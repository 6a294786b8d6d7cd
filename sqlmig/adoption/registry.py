"""All tools whose files and histories sqlmig can adopt."""

from __future__ import annotations

from collections.abc import Collection

from sqlmig.adoption import (
    dbmate,
    diesel,
    flyway,
    golang_migrate,
    goose,
    node_pg_migrate,
    prisma,
    sqitch,
    sql_migrate,
    sqlx,
)
from sqlmig.adoption.files import Files
from sqlmig.adoption.model import Tool
from sqlmig.errors import ConfigError
from sqlmig.model.suggestions import did_you_mean, nearest

TOOLS = (
    golang_migrate.TOOL,
    goose.TOOL,
    dbmate.TOOL,
    sql_migrate.TOOL,
    sqlx.TOOL,
    diesel.TOOL,
    flyway.TOOL,
    sqitch.TOOL,
    node_pg_migrate.TOOL,
    prisma.TOOL,
)
NAMES = tuple(tool.name for tool in TOOLS)
_BY_NAME = {tool.name: tool for tool in TOOLS}


def tool_named(name: str) -> Tool:
    """The tool of that name. Raises ConfigError."""
    if name.lower() not in _BY_NAME:
        raise ConfigError(
            f"{name!r} is not a tool that sqlmig knows",
            remedy=did_you_mean(nearest(name.lower(), NAMES), f"Known tools: {', '.join(NAMES)}."),
        )
    return _BY_NAME[name.lower()]


def recognised(files: Files) -> Tool:
    """The tool whose files these are. Raises ConfigError if no tool fits, or several do."""
    found = {tool: shown for tool in TOOLS if (shown := tool.recognise(files)) is not None}
    if not found:
        raise ConfigError(
            f"{files.root} has no files of any tool that sqlmig knows",
            remedy="Name the folder with the migrations themselves, and the tool with --from: "
            f"{', '.join(NAMES)}.",
        )
    if len(found) > 1:
        raise ConfigError(
            f"{files.root} has files of several tools: {_shown(found)}",
            remedy="Choose one with --from.",
        )
    return next(iter(found))


def history_table(name: str, columns: Collection[str]) -> Tool | None:
    """The tool that keeps its history in a table of that name and with these columns."""
    fitting = (tool for tool in TOOLS if tool.table.name == name and tool.table.fits(columns))
    return next(fitting, None)


def _shown(found: dict[Tool, str]) -> str:
    return ", ".join(f"{tool.name} ({shown})" for tool, shown in found.items())
