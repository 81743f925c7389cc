"""``ticket-streams kafka``: the embedded broker in the foreground."""

import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from streams.local.kafka import jars
from streams.local.kafka.broker import EmbeddedKafka
from streams.local.kafka.errors import KafkaUnavailable


@click.command(name="kafka")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=9092,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps the topics for the next start. Without it they go with the broker.",
)
@click.option("--fetch-only", is_flag=True, help="Only download Kafka, for later use offline.")
def command(port: int, data: Path | None, fetch_only: bool) -> None:
    """Run Apache Kafka on this machine until Ctrl-C. Needs no Docker and no Java.

    The first start downloads Kafka (45 MB) to the user's cache, or to where
    TICKET_STREAMS_CACHE_DIR points; every later one works offline. One broker, for trying things
    out: production wants a cluster.

    \b
    Example:
      ticket-streams kafka --port 9092 --data build/kafka
    """
    try:
        if fetch_only:
            jars.fetch()
            click.echo(f"Kafka is in {jars.folder()}")
        else:
            _run(port, data)
    except KafkaUnavailable as error:
        raise click.ClickException(str(error)) from error


def _run(port: int, data: Path | None) -> None:
    # SIGTERM as Ctrl-C. SIGINT too, because a shell's background jobs start with it ignored.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    with ExitStack() as stack:
        try:
            folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            broker = stack.enter_context(EmbeddedKafka(folder, port))
            click.echo(f"Kafka is ready: export KAFKA_BOOTSTRAP_SERVERS={broker.bootstrap}")
            broker.wait()
        except KeyboardInterrupt:
            return
