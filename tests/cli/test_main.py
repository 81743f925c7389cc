"""The command itself: what is listed, and what is loaded for it."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from streams import cli
from streams.cli import COMMANDS, main

SLOW = ("anthropic", "faust", "aiokafka", "aiohttp", "pydantic", "rich")
"""Packages that take long to load: each a tenth of a second and more."""


def loaded(program: str) -> set[str]:
    """The modules of a Python that has run ``program``, at the top of their packages."""
    tell = "import sys; print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    run = [sys.executable, "-c", f"{program}\n{tell}"]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    return set(done.stderr.split())


def test_the_list_of_commands_loads_none_of_them() -> None:
    found = loaded("from streams.cli import main\nmain(['--help'], standalone_mode=False)")
    assert "click" in found
    assert not found & set(SLOW)


def test_no_command_loads_faust_or_the_sdk_before_it_runs() -> None:
    """Once for all of them: who loads what is not told, but that nobody does."""
    names = [f"streams.cli.{name.replace('-', '_')}" for name in COMMANDS]
    found = loaded(f"import {', '.join(names)}")
    assert "aiokafka" in found
    assert not found & {"anthropic", "faust"}


def test_each_command_is_there_and_each_that_is_there_is_listed() -> None:
    context = click.Context(main)
    assert all(isinstance(main.get_command(context, name), click.Command) for name in COMMANDS)
    modules = Path(cli.__file__).parent.glob("*.py")
    found = {
        module.stem.replace("_", "-")
        for module in modules
        if "\ndef command(" in module.read_text("utf-8")
    }
    of_dead_letters = {"dead-letter-redrive", "dead-letter-show"}
    assert found == COMMANDS.keys() | of_dead_letters


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_each_command_is_told_in_a_line(arguments: list[str]) -> None:
    shown = CliRunner().invoke(main, arguments, terminal_width=80).output
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    for name, what in COMMANDS.items():
        assert f"{name} {what}" in lines


def test_a_command_that_is_not_there_is_an_error() -> None:
    found = CliRunner().invoke(main, ["wroker"])
    assert found.exit_code == 2
    assert "No such command" in found.output


@pytest.mark.parametrize(
    ("typed", "offered"), [("d", ["demo", "dashboard", "doctor", "dead-letters"]), ("zz", [])]
)
def test_the_shell_is_offered_the_commands_that_begin_so(typed: str, offered: list[str]) -> None:
    completion = ShellComplete(main, {}, "ticket-streams", "_TICKET_STREAMS_COMPLETE")
    found = completion.get_completions([], typed)
    assert [item.value for item in found] == offered
    assert all(item.help for item in found)


def test_the_shell_is_offered_the_options_too() -> None:
    completion = ShellComplete(main, {}, "ticket-streams", "_TICKET_STREAMS_COMPLETE")
    assert {"--help", "--version"} <= {i.value for i in completion.get_completions([], "--")}
    assert "--tickets" in {i.value for i in completion.get_completions(["demo"], "--")}
