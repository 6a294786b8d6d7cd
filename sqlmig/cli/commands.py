"""The commands by name, each in the module of its group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from functools import partial
from importlib import import_module

import click

# What stands in which module; a module is imported for the first command of it that is asked for.
MODULES = {
    "migrations": ("apply", "rollback", "status"),
    "seeds": ("seed", "check"),
    "mongo": ("mongo",),
    "environment": ("environment",),
    "files": ("init", "validate", "diff", "repair"),
    "marks": ("show", "baseline", "mark", "unmark"),
    "proof": ("verify", "drift"),
    "new": ("new",),
    "changelog": ("changelog",),
    "embedded": ("embedded",),
}


class Commands(MutableMapping[str, click.Command]):
    """All commands, as a group of click's takes them; one is imported when it is asked for."""

    def __init__(self) -> None:
        self._loaders: dict[str, Callable[[], click.Command]] = {
            name: partial(_load, module, name)
            for module, names in MODULES.items()
            for name in names
        }

    def __getitem__(self, name: str) -> click.Command:
        return self._loaders[name]()

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaders[name] = lambda: command

    def __delitem__(self, name: str) -> None:
        del self._loaders[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)


def _load(module: str, name: str) -> click.Command:
    command: click.Command = getattr(import_module(f"sqlmig.cli.{module}"), name)
    return command
