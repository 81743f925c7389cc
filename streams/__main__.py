"""``python -m streams`` is the ``ticket-streams`` command."""

from streams.cli import main

main()
