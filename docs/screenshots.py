"""Takes the README's pictures of the dashboard from a real demo under load: ``make screenshots``.

For some minutes tickets come in bursts and things break, so that the charts have something to say.
Then the worker is killed once more, and the pictures are taken when all tickets are out. Nothing in
them is made up.
"""

import asyncio
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp
import click

from streams.dashboard.demo_panel import TOKEN_HEADER
from streams.local.demo import Demo
from streams.observe.logs import configure
from tests.chromium import launch

FOLDER = Path(__file__).parent / "images"
VIEWPORT = {"width": 1280, "height": 1500}
QUERY = "?window=15m"
MOST_BYTES = 300_000
TICKETS = 1_500
FAULTS = ("burst", "kill-worker", "burst", "overload-api", "burst", "stop-kafka")
PAUSE_SECONDS = 8.0
DRAW_SECONDS = 2.5
"""Within which a page shows what is committed."""


@click.command()
@click.option("--minutes", default=5.0, show_default=True, help="How long the demo runs before.")
@click.option("--height", default=VIEWPORT["height"], show_default=True, help="Of the pictures.")
@click.option("--out", default=FOLDER, show_default=False, type=click.Path(path_type=Path))
def main(minutes: float, height: int, out: Path) -> None:
    """Write dashboard-light.png and dashboard-dark.png."""
    configure("CRITICAL")
    demo = Demo(TICKETS, seed=7, on_step=click.echo)
    out.mkdir(parents=True, exist_ok=True)

    async def linger() -> None:
        async with aiohttp.ClientSession(demo.dashboard_url) as http:
            desk = _Desk(http)
            await desk.keep_busy(minutes * 60)
            await _take(demo.dashboard_url, desk, height, out)

    asyncio.run(demo.run(lambda *_: None, linger))


class _Desk:
    """Presses the demo's buttons."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def press(self, fault: str) -> None:
        async with self._http.get("/api/demo/token") as response:
            headers = {TOKEN_HEADER: (await response.json())["token"]}
        async with self._http.post(f"/api/demo/{fault}", headers=headers) as response:
            response.raise_for_status()

    async def over(self) -> None:
        while True:
            async with self._http.get("/api/demo") as response:
                happening = (await response.json())["happening"]
            if happening is None or happening["ended_at"] is not None:
                return
            await asyncio.sleep(0.2)

    async def keep_busy(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end, faults = loop.time() + seconds, cycle(FAULTS)
        while loop.time() < end:
            await self.press(next(faults))
            await self.over()
            await asyncio.sleep(PAUSE_SECONDS)


async def _take(url: str, desk: _Desk, height: int, out: Path) -> None:
    async with launch() as browser:
        pages = {
            scheme: await browser.new_page(
                color_scheme=scheme, viewport={**VIEWPORT, "height": height}
            )
            for scheme in ("light", "dark")
        }
        for page in pages.values():
            await page.goto(f"{url}/{QUERY}")
            # The page does so itself where it knows of demos; a module is loaded once.
            await page.evaluate("async () => { await import('/static/promises.js'); }")
        await desk.press("kill-worker")
        await desk.over()
        await asyncio.sleep(DRAW_SECONDS)
        for scheme, page in pages.items():
            await _picture(page, out / f"dashboard-{scheme}.png")


async def _picture(page: Any, file: Path) -> None:
    size = len(await page.screenshot(path=file))
    click.echo(f"{file.name}: {size:,} bytes")
    if size > MOST_BYTES:
        raise click.ClickException(f"{file.name} has more than {MOST_BYTES:,} bytes")


if __name__ == "__main__":
    main()
