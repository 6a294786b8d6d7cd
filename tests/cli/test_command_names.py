"""The commands by name, as click asks for them."""

from __future__ import annotations

import click

from sqlmig.cli import main
from sqlmig.cli.commands import CommandLine


@click.command
def hello() -> None:
    """Another command."""


def test_every_command_is_found_by_its_name() -> None:
    context = click.Context(main)
    names = main.list_commands(context)
    found = [main.get_command(context, name) for name in names]
    assert [command.name for command in found if command is not None] == names


def test_what_is_no_command_is_not_found() -> None:
    assert main.get_command(click.Context(main), "aply") is None


def test_a_program_can_put_a_command_of_its_own_beside_them() -> None:
    group = CommandLine("mine")
    context = click.Context(group)
    count = len(group.list_commands(context))
    group.add_command(hello)
    assert group.get_command(context, "hello") is hello
    assert len(group.list_commands(context)) == count + 1
