"""``python -m streams.local.standin`` is ``ticket-streams stand-in``."""

from streams.cli.stand_in import command

command(prog_name="stand-in")
