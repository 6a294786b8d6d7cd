"""Writes docs/reference.md from the commands, the settings, the errors and the public names.

python docs/make_reference.py           writes it
python docs/make_reference.py --check   exits 1 where it is not up to date
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import click

import sqlmig
from sqlmig import errors
from sqlmig.adoption.model import HistoryTable
from sqlmig.adoption.registry import TOOLS
from sqlmig.cli import main as command_line
from sqlmig.config import SETTINGS_FILES, Config, FleetSettings

PAGE = Path(__file__).with_name("reference.md")

HEAD = """\
# Reference

`make reference` generates this page from the code. For an introduction, read the
[guides](README.md).

- [Commands](#commands)
- [Settings](#settings)
- [Exit codes and errors](#exit-codes-and-errors)
- [Other tools](#other-tools)
- [Names for Python](#names-for-python)
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, *commands(), *settings(), *exit_codes(), *other_tools(), *names()]
    return "\n".join(parts)


def commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "Every command accepts these options, before or after its name:\n"
    yield options([p for p in command_line.params if isinstance(p, click.Option)])
    yield from group(command_line, "sqlmig")


def group(commands: click.Group, prefix: str) -> Iterator[str]:
    context = click.Context(commands)
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        if isinstance(command, click.Group):
            yield from group(command, f"{prefix} {name}")
        elif command is not None:
            yield from one_command(command, f"{prefix} {name}")


def one_command(command: click.Command, name: str) -> Iterator[str]:
    arguments = "".join(f" {usage(p)}" for p in command.params if isinstance(p, click.Argument))
    yield f"### `{name}{arguments}`\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    own = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    if own := [option for option in own if option.name != "output_format"]:
        yield options(own)


def usage(argument: click.Argument) -> str:
    choices = "|".join(getattr(argument.type, "choices", ()))
    shown = argument.metavar or choices or str(argument.name).upper()
    return shown if shown.startswith("[") or argument.required else f"[{shown}]"


def options(found: Sequence[click.Option]) -> str:
    rows = [
        (", ".join(f"`{name}`" for name in option.opts) + metavar(option), option.help or "")
        for option in found
    ]
    return table(("option", "meaning"), rows)


def metavar(option: click.Option) -> str:
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return " " + ", ".join(f"`{choice}`" for choice in option.type.choices)
    return f" {option.metavar or option.type.name.upper()}"


def settings() -> Iterator[str]:
    yield "## Settings\n"
    yield (
        f"Settings are in `{SETTINGS_FILES[0]}`, or in `[tool.sqlmig]` of `{SETTINGS_FILES[1]}`. A "
        "variable overrides\nthe file, an option or an argument overrides the variable.\n"
    )
    rows = []
    for setting in fields(Config):
        if "meaning" in setting.metadata:
            variables = ", ".join(f"`{name}`" for name in setting.metadata["variables"])
            default = shown(getattr(Config(), setting.name))
            rows.append((f"`{setting.name}`", variables, default, setting.metadata["meaning"]))
    yield table(("setting", "variable", "default", "meaning"), rows)
    yield "The settings of a [fleet](fleet.md) are in `[fleet]`, or in `[tool.sqlmig.fleet]`.\n"
    yield table(("setting", "default", "meaning"), list(settings_of_fleet()))


def settings_of_fleet() -> Iterator[tuple[str, str, str]]:
    for setting in fields(FleetSettings):
        default = shown(getattr(FleetSettings(), setting.name))
        yield f"`{setting.name}`", default, setting.metadata["meaning"]


def shown(default: object) -> str:
    """A default as settings would have it; "" where there is none."""
    if default in (None, (), {}, FleetSettings()):
        return ""
    if isinstance(default, Mapping):
        return "; ".join(f"{name.value}: {', '.join(tiers)}" for name, tiers in default.items())
    return f"{default:g}" if isinstance(default, float) else str(default).replace("False", "false")


def exit_codes() -> Iterator[str]:
    yield "## Exit codes and errors\n"
    yield "0 success, or nothing to do; 1 also if a check found a problem; 130 interrupted.\n"
    found = [
        error
        for error in vars(errors).values()
        if inspect.isclass(error) and issubclass(error, errors.SqlmigError)
    ]
    public = [error for error in found if not error.__name__.startswith("_")]
    yield table(
        ("error in `sqlmig.errors`", "base class", "exit code", "meaning"),
        [
            (f"`{e.__name__}`", f"`{public_base(e)}`", str(e.exit_code), first_sentence(e))
            for e in public
        ],
    )


def public_base(error: type[errors.SqlmigError]) -> str:
    bases = (base for base in error.__mro__[1:] if not base.__name__.startswith("_"))
    return next(bases).__name__


def names() -> Iterator[str]:
    yield "## Names for Python\n"
    yield "The names that `sqlmig` exports. `sqlmig.errors` and `sqlmig.testing` are also public.\n"
    yield table(
        ("name", "meaning"),
        [(f"`{name}`", first_sentence(getattr(sqlmig, name))) for name in sorted(sqlmig.__all__)],
    )


def other_tools() -> Iterator[str]:
    yield "## Other tools\n"
    yield (
        "What `sqlmig import` reads, and the table that `sqlmig baseline --from` reads: "
        "[moving.md](moving.md). A table\nof that name with these columns is left out of `drift` "
        "and `verify`.\n"
    )
    yield table(
        ("tool", "files", "directives", "listed, not taken over", "history table and its columns"),
        [
            (f"`{tool.name}`", tool.layout, tool.directives, tool.refused, history(tool.table))
            for tool in TOOLS
        ],
    )


def history(found: HistoryTable) -> str:
    columns = ", ".join(f"`{column}`" for column in sorted(found.columns))
    return f"`{found.name}`: {columns}"


def first_sentence(thing: object) -> str:
    """The first paragraph of a docstring up to its first full stop or colon."""
    text = " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())
    ends = [end for mark in (". ", ": ", "; ") if (end := text.find(mark)) >= 0]
    return text[: min(ends)].rstrip(".") if ends else text.rstrip(".")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" | ".join(cells) for cells in (heads, ["---"] * len(heads), *rows)]
    return "".join(f"| {line} |\n" for line in lines)


if __name__ == "__main__":
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/reference.md is out of date: run `make reference`.")
