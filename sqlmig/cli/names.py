"""The commands by name, and what other tools call them and their options."""

from __future__ import annotations

# The module of each command; it is imported when one of its commands is first requested.
MODULES = {
    "migrations": ("apply", "rollback", "status"),
    "seeds": ("seed", "check"),
    "mongo": ("mongo",),
    "environment": ("environment",),
    "databases": ("create", "drop"),
    "files": ("init", "validate", "diff", "repair"),
    "adoption": ("import",),
    "marks": ("show", "baseline", "mark", "unmark"),
    "fleet": ("fleet",),
    "proof": ("verify", "drift"),
    "document": ("schema",),
    "impact": ("impact",),
    "new": ("new", "renumber"),
    "changelog": ("changelog",),
    "embedded": ("embedded",),
}
# What other tools call it.
_ELSEWHERE = {
    "up": "sqlmig apply",
    "migrate": "sqlmig apply",
    "upgrade": "sqlmig apply",
    "down": "sqlmig rollback --steps 1",
    "undo": "sqlmig rollback --steps 1",
    "downgrade": "sqlmig rollback",
    "create": "sqlmig new",
    "generate": "sqlmig new",
    "info": "sqlmig status",
    "history": "sqlmig status",
    "help": "sqlmig --help",
    "version": "sqlmig --version",
    "wait": "sqlmig apply --wait-for-database 30",
    "load": "sqlmig apply",
    "reset": "sqlmig embedded reset, or sqlmig drop",
    "dump": "sqlmig schema, which writes a document, or for SQL pg_dump --schema-only",
    "-d": "the setting `migrations`",
    "--migrations-dir": "the setting `migrations`",
    "--env-file": "the setting `env_file`",
    "-e": "--env",
    "-u": "--database-url",
    "--url": "--database-url",
    "--wait": "sqlmig apply --wait-for-database 30",
}


def meant_by(name: str) -> str:
    """What to answer to the name of another tool's command or option; "" for any other name."""
    meant = _ELSEWHERE.get(name)
    return f"Did you mean {meant}?" if meant else ""


def meant_by_words(command: str, words: str) -> str:
    """What to answer to a command that was given those words instead of a description, or of
    nothing; "" where it takes them."""
    quoted = f'"{words}"' if " " in words else words
    if command == "create":
        return f"Did you mean sqlmig new {quoted}?"
    return f"Put the description in quotes: sqlmig new {quoted}" if command == "new" else ""
