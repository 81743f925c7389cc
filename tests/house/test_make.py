"""What `make demo` and `make test` would do; dry runs, nothing is installed."""

import os
import subprocess

import pytest

from tests.house.files import ROOT


def plan(*arguments: str, **variables: str) -> str:
    """The commands that make would run, with ``variables`` in the environment."""
    # The make that runs these tests hands its own flags and variables down.
    dropped = {"TICKETS", "REPORT", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"}
    inherited = {name: value for name, value in os.environ.items() if name not in dropped}
    return subprocess.run(
        ["make", "--dry-run", *arguments],
        cwd=ROOT,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize(
    ("target", "command"),
    [("demo", "ticket-streams demo"), ("test", "/pytest "), ("lint", "/mypy")],
)
def test_a_fresh_clone_gets_its_environment_first(target: str, command: str) -> None:
    commands = plan("--always-make", target)
    steps = ["-m venv", "--require-hashes", "--no-build-isolation", command]
    places = [commands.index(step) for step in steps]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("variables", "command"),
    [
        ({}, "demo --tickets 2000 "),
        ({"TICKETS": ""}, "demo --tickets 2000 "),
        ({"TICKETS": "300"}, "demo --tickets 300 "),
    ],
)
def test_the_demo_takes_its_size_from_the_environment(
    variables: dict[str, str], command: str
) -> None:
    assert command in plan("demo", **variables)


def test_the_demo_takes_its_size_from_the_command_line() -> None:
    assert "demo --tickets 7 " in plan("demo", "TICKETS=7", TICKETS="300")


def test_the_report_may_be_anywhere() -> None:
    assert '--report "build/report.json"' in plan("demo")
    assert '--report "/elsewhere/a b.json"' in plan("demo", REPORT="/elsewhere/a b.json")
