"""The ``ticket-streams`` command: one module a sub-command, loaded when it is called."""

from importlib import import_module

import click

from streams import __version__

COMMANDS = (
    "demo",
    "worker",
    "dashboard",
    "topics",
    "doctor",
    "status",
    "top",
    "send",
    "mapping",
    "classify",
    "eval",
    "spend",
    "errors",
    "export",
    "verify",
    "replay",
    "reconcile",
    "what-if",
    "dead-letters",
    "stand-in",
    "kafka",
    "registry",
)


class LazyGroup(click.Group):
    """Imports a command's module only when that command is asked for: --help stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of a first day, not of the alphabet."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of ``streams/cli/<name>.py``."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"streams.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ticket-streams")
def main() -> None:
    """Support tickets from Kafka, classified by Claude, routed exactly once, and the bill.

    \b
    Try it, with nothing installed but this:    ticket-streams demo
    Ask for one ticket, without Kafka:          ticket-streams classify "I was charged twice"
    In earnest:  ticket-streams topics --create, then ticket-streams worker

    Settings come from the environment or ticket-streams.toml; docs/operations.md lists them.
    """
