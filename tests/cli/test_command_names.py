"""The commands by name, as click asks for them."""

from __future__ import annotations

import click
import pytest

from sqlmig.cli.commands import Commands


@click.command
def hello() -> None:
    """Another command."""


def test_every_command_is_found_by_its_name() -> None:
    assert {name: command.name for name, command in Commands().items()} == {
        n: n for n in Commands()
    }


def test_what_is_no_command_is_not_found() -> None:
    with pytest.raises(KeyError):
        Commands()["aply"]


def test_a_program_can_put_a_command_of_its_own_beside_them() -> None:
    commands = Commands()
    count = len(commands)
    commands["hello"] = hello
    assert (commands["hello"], len(commands)) == (hello, count + 1)
    del commands["hello"]
    assert "hello" not in commands
