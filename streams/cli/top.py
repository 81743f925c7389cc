"""``ticket-streams top``: how it goes, live in the terminal."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click
from aiokafka.errors import KafkaError
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from streams.audit.latency import Latency
from streams.audit.live import Look, follow_overview
from streams.audit.topic_admin import TopicsError
from streams.books.limits import Limit
from streams.books.money import dollars
from streams.claude.budget_reload import BudgetReload
from streams.cli.common import console, json_option, load, print_json, run, utc
from streams.cli.status import LATELY, as_table, lines_of, workers_of
from streams.settings import Settings

BAR = 30
LOOK_SECONDS = 10.0
"""Kafka has as long for an answer; then what was known last is shown, with its age."""


@click.command(name="top")
@click.option(
    "--interval",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.2, 60),
    help="Seconds between two looks.",
)
@click.option("--once", is_flag=True, help="Print one frame and end, as without a terminal.")
@json_option
def command(interval: float, once: bool, as_json: bool) -> None:
    """Show spend, speed, latency, errors, budgets and workers, live in the terminal; q ends it.

    Only committed numbers count; no worker is asked. Today and this hour are in UTC. Budgets that
    are changed in the settings file are shown within seconds.

    \b
    Examples:
      ticket-streams top
      ticket-streams top --once --json
    """
    settings = load()
    if once or as_json or not sys.stdout.isatty():
        look = run(_one(settings))
        if as_json:
            print_json(_json(settings.app_id, look))
        else:
            console().print(frame(settings.app_id, look, time.time()))
        return
    logging.getLogger("streams").setLevel(logging.CRITICAL)  # what is wrong stands in the frame
    with suppress(KeyboardInterrupt):
        run(_live(settings, interval))


async def _one(settings: Settings) -> Look:
    async with follow_overview(settings, time.time()) as live:
        return await live.look(time.time())


class Seen:
    """What was found last, what is in the way of knowing more, and the budgets by now."""

    def __init__(self, look: Look, limits: tuple[Limit, ...]) -> None:
        self.look = look
        self.at = time.time()
        self.trouble = ""
        self.limits = limits

    def change(self, limits: tuple[Limit, ...]) -> None:
        """The budgets are others: the settings file was changed."""
        self.limits = limits

    def frame(self, app_id: str) -> RenderableType:
        """As it is shown now. What is too much for the terminal is cut off below."""
        picture = frame(app_id, self.look, self.at, self.trouble)
        return Group(Text("q ends", style="dim"), picture)


async def _live(settings: Settings, interval: float) -> None:
    # Fails aloud: nothing has been shown that could stay.
    seen = Seen(await _one(settings), settings.limits)
    ended = asyncio.Event()
    budgets = BudgetReload(settings.limits, seen.change)
    following = asyncio.create_task(_follow(settings, interval, seen))
    reloading = asyncio.create_task(budgets.run())
    try:
        with _keys(ended), Live(screen=True, auto_refresh=False) as screen:
            while not ended.is_set():
                screen.update(seen.frame(settings.app_id), refresh=True)
                with suppress(TimeoutError):
                    async with asyncio.timeout(interval):
                        await ended.wait()
    finally:
        following.cancel()
        reloading.cancel()
        await asyncio.wait([following, reloading])


async def _follow(settings: Settings, interval: float, seen: Seen) -> None:
    """Keep ``seen`` current; connect anew after each trouble."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            async with (
                asyncio.timeout(LOOK_SECONDS) as limit,
                follow_overview(settings, time.time()) as live,
            ):
                while True:
                    live.limits = seen.limits
                    seen.look = await live.look(time.time())
                    seen.at, seen.trouble = time.time(), ""
                    limit.reschedule(loop.time() + interval + LOOK_SECONDS)
                    await asyncio.sleep(interval)
        except (TopicsError, KafkaError, OSError) as error:
            # TimeoutError is one of these
            seen.trouble = str(error) or f"Kafka at {settings.kafka} does not answer"
        await asyncio.sleep(interval)


@contextmanager
def _keys(ended: asyncio.Event) -> Iterator[None]:
    """``q`` ends it, at once and without Enter."""
    try:
        import termios
        import tty
    except ImportError:  # not on Windows: Ctrl-C does it there
        yield
        return
    if not sys.stdin.isatty():
        yield
        return
    file, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(file)

    def pressed() -> None:
        if b"q" in os.read(file, 64).lower():
            ended.set()

    tty.setcbreak(file)
    loop.add_reader(file, pressed)
    try:
        yield
    finally:
        loop.remove_reader(file)
        termios.tcsetattr(file, termios.TCSADRAIN, before)


def frame(app_id: str, look: Look, at: float, trouble: str = "") -> RenderableType:
    """One picture of what was seen ``at`` epoch seconds."""
    found = look.overview
    parts: list[RenderableType] = [Text(f"ticket-streams   {utc(at)} UTC", style="bold")]
    if trouble:
        parts.append(Text(f"{trouble}: these numbers are {time.time() - at:.0f} s old", "bold red"))
    lines = lines_of(app_id, found)
    lines.insert(5, ("rate", f"{dollars(found.picodollars_per_hour)} an hour {LATELY}"))
    lines.append(("latency", _latency(look.latency)))
    parts += ["", as_table(lines), "", _categories(look)]
    if found.group.members:
        parts += ["", workers_of(found)]
    return Group(*parts)


def _latency(latency: Latency | None) -> str:
    if latency is None:
        return f"no call was answered {LATELY}"
    return (
        f"{latency.p50:,} ms half of the calls, {latency.p95:,} ms 95%, {latency.p99:,} ms 99%, "
        f"of {latency.calls:,} {LATELY}"
    )


def _categories(look: Look) -> Table:
    """With the bar of what is now, or of the last minutes at the first look."""
    table, lately = Table("category", "tickets/s", "now", LATELY), look.overview.by_category
    shown = look.speed or lately
    most = max(shown.values(), default=0.0)
    for category, rate in lately.items():
        now = look.speed.get(category)
        bar = ProgressBar(total=most or 1, completed=shown.get(category, 0.0), width=BAR)
        table.add_row(escape(category), bar, "" if now is None else f"{now:,.1f}", f"{rate:,.2f}")
    return table


def _json(app_id: str, look: Look) -> dict[str, Any]:
    latency = look.latency and look.latency._asdict()
    return {"app_id": app_id, **look.overview.as_json(), "latency_ms": latency}
