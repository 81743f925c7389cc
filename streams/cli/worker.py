"""``ticket-streams worker``: one process of the consumer group."""

import asyncio
import gc
import logging
import sys

import click

from streams.cli.common import load


@click.command()
def command() -> None:
    """Classify tickets and route them, until stopped. Start as many as there are partitions.

    SIGTERM finishes the calls in flight, commits, leaves the group and exits with 0. Any other exit
    code asks the supervisor to start it again: it goes on where it was.

    \b
    Example:
      KAFKA_BOOTSTRAP_SERVERS=kafka:9092 ANTHROPIC_API_KEY=sk-ant-... ticket-streams worker
    """
    # A start makes hundreds of thousands of objects and drops hardly any: to look for those took a
    # sixth of its CPU.
    gc.disable()

    from streams.claude.sdk import load_soon
    from streams.observe.logs import configure
    from streams.preflight import PreflightError, check

    settings = load()
    configure(settings.log_level, settings.log_format)
    load_soon()
    clients = logging.getLogger("aiokafka")
    clients.setLevel(logging.CRITICAL)  # what is wrong is said once, below
    try:
        encoder = asyncio.run(check(settings))
    except PreflightError as error:
        raise click.ClickException(str(error)) from None
    clients.setLevel(logging.WARNING)

    import faust
    from aiokafka.errors import KafkaError
    from mode.loop import use as use_loop

    from streams.app import build_app
    from streams.delivery.last_resort import EXIT_FAILED

    try:
        use_loop("uvloop")
    except ImportError:
        logging.getLogger(__name__).info("uvloop is not installed: the worker takes more CPU")
    app = build_app(settings, encoder)
    # Every call makes hundreds of objects that die without the collector: let it look less often,
    # and never again at all that was loaded up to here (a look at that stops everything for 0.2 s).
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    gc.enable()
    worker = faust.Worker(
        app, loglevel="WARNING", logging_config=None, redirect_stdouts=False, quiet=True
    )
    worker.override_logging, worker.spinner = False, None
    try:
        worker.execute_from_commandline()
    except KafkaError:  # of Faust's consumer, which upstream ends with the code of a failed start
        logging.getLogger(__name__).exception("the worker exits to be restarted")
        sys.exit(EXIT_FAILED)
