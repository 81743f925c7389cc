"""``ticket-streams dashboard``: the live page of spend and errors."""

import asyncio
import signal

import click

from streams.cli.common import load
from streams.dashboard.guard import NeedsTokenError
from streams.dashboard.server import start_dashboard
from streams.observe.logs import configure
from streams.settings import Settings, variable


@click.command(name="dashboard")
@click.option("--host", help="Address to listen on.  [default: TICKET_STREAMS_DASHBOARD_HOST]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Port; 0 takes a free one.  [default: TICKET_STREAMS_DASHBOARD_PORT]",
)
def command(host: str | None, port: int | None) -> None:
    """Serve the live page of spend and errors until Ctrl-C.

    Shows what is committed in Kafka, for the whole group. Routes nothing and may run any number of
    times. Beyond this machine it asks for a password: TICKET_STREAMS_DASHBOARD_TOKEN.

    \b
    Example:
      ticket-streams dashboard --port 8080
    """
    settings = load()
    configure(settings.log_level, settings.log_format)
    host = settings.dashboard_host if host is None else host
    port = settings.dashboard_port if port is None else port
    try:
        asyncio.run(_serve(settings, host, port))
    except NeedsTokenError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"--host {host} --port {port} ({variable('dashboard_host')}, "
            f"{variable('dashboard_port')}): {error.strerror or error}"
        ) from None


async def _serve(settings: Settings, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    dashboard = await start_dashboard(settings, host, port)
    try:
        click.echo(f"Dashboard: {dashboard.url}")
        await stop.wait()
    finally:
        await dashboard.stop()
