"""Runs the stand-in: from an open port to a clean end."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from streams.local.standin.server import Server
from streams.local.standin.service import Options, Service

HOST = "127.0.0.1"
PARENT_POLL = 0.5
# Calls in flight at the end are broken off after this many seconds.
GRACE = 0.2
BACKLOG = 2048

new_event_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    from uvloop import new_event_loop
except ImportError:  # not there on Windows
    new_event_loop = asyncio.new_event_loop


def run(
    options: Options,
    port: int,
    *,
    host: str = HOST,
    port_file: Path | None = None,
    with_parent: bool = False,
    ready: Callable[[str], None] = print,
) -> None:
    """Serves on ``host`` until SIGTERM or SIGINT; OSError when the port is taken.

    ``port`` 0 takes a free one. ``ready`` gets the one line that says so. ``with_parent`` ends it
    when the parent process does.
    """
    # Asked before anything else: a parent that dies during the start is not to be missed.
    parent = os.getppid() if with_parent else None
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_serve(options, host, port, port_file, parent, ready))


async def _serve(
    options: Options,
    host: str,
    port: int,
    port_file: Path | None,
    parent: int | None,
    ready: Callable[[str], None],
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    service = Service(options)
    runner = web.ServerRunner(
        web.Server(Server(service).handle, access_log=None), shutdown_timeout=GRACE
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
        port = runner.addresses[0][1]
        if port_file:
            _write_whole(port_file, str(port))
        ready(
            f"stand-in ready at http://{host}:{port} "
            "(a simulation: tickets are classified by keywords)"
        )
        if parent is None:
            await stop.wait()
        else:
            await _until_orphaned(stop, parent)
    finally:
        await runner.cleanup()
        service.close()


async def _until_orphaned(stop: asyncio.Event, parent: int) -> None:
    """Until ``stop``, or until the parent process is another."""
    while not stop.is_set() and os.getppid() == parent:
        try:
            async with asyncio.timeout(PARENT_POLL):
                await stop.wait()
        except TimeoutError:
            continue


def _write_whole(path: Path, text: str) -> None:
    """A reader sees all of it or nothing."""
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.replace(path)
