"""The commands by name, and what other tools call them."""

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
ELSEWHERE = {
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
}
