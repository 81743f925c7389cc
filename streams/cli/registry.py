"""``ticket-streams registry``: a schema registry in the foreground."""

import signal
import tempfile
from pathlib import Path

import click

from streams.local.kafka.errors import KafkaUnavailable
from streams.local.registry import archive
from streams.local.registry.server import LocalRegistry


@click.command(name="registry")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8085,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option("--fetch-only", is_flag=True, help="Only download it, for later use offline.")
def command(port: int, fetch_only: bool) -> None:
    """Run a schema registry on this machine until Ctrl-C: Apicurio, with Confluent's interface.

    For trying things out: what it holds goes with it. The first start downloads it (159 MB) to the
    user's cache, or to where TICKET_STREAMS_CACHE_DIR points; every later one works offline.

    \b
    Example:
      ticket-streams registry --port 8085
    """
    try:
        if fetch_only:
            click.echo(f"The registry is in {archive.fetch()}")
        else:
            _run(port)
    except KafkaUnavailable as error:
        raise click.ClickException(str(error)) from error


def _run(port: int) -> None:
    # SIGTERM as Ctrl-C. SIGINT too, because a shell's background jobs start with it ignored.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            LocalRegistry(Path(folder), port) as registry,
        ):
            click.echo(f"The registry is ready: export SCHEMA_REGISTRY_URL={registry.url}")
            registry.wait()
    except KeyboardInterrupt:
        return
