"""The ``ticket-streams`` command: one module a sub-command, loaded when it is called."""

from importlib import import_module

import click
from click.shell_completion import CompletionItem

from streams import __version__

COMMANDS = {
    "demo": "Run it all here, with a real Kafka and a stand-in for Claude.",
    "worker": "Classify tickets and route them, until stopped.",
    "dashboard": "Serve the live page of spend and errors until Ctrl-C.",
    "topics": "Show what the topics lack; create, mend and widen them.",
    "doctor": "Check Kafka, rights, topics, key, prices and clocks.",
    "status": "Show tickets, speed, spend, errors and workers at one look.",
    "top": "Show the same live, with latency and budgets.",
    "send": "Send tickets, one JSON object a line.",
    "mapping": "Tickets in events of other shapes: try a mapping out.",
    "classify": "Classify one text, without Kafka.",
    "eval": "Classify labelled tickets, and show how well that went.",
    "spend": "Show what classification has cost.",
    "errors": "Show what went wrong, and how often.",
    "export": "Export what was spent each day, for a spreadsheet.",
    "verify": "Check every promise from the topics alone.",
    "replay": "Classify tickets of the past again.",
    "reconcile": "List the calls whose cost nobody told, and settle them.",
    "what-if": "Show the bill as it would have been.",
    "dead-letters": "See what could not be classified, and try it again.",
    "stand-in": "Run a stand-in for Claude's Messages API.",
    "kafka": "Run Apache Kafka on this machine until Ctrl-C.",
    "registry": "Run a schema registry on this machine until Ctrl-C.",
}
"""In the order of a first day, not of the alphabet; each in a line of 80 columns."""


class LazyGroup(click.Group):
    """Imports a command's module only when that command is asked for: the list stays quick, and so
    does the shell's completion.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list; click's own would load them all."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The names that begin so, and the options; click's own would load them all."""
        names = [
            CompletionItem(name, help=what)
            for name, what in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


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
