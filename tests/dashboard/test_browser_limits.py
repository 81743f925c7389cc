"""The page in a real Chromium: how quick, how lean, how readable for everybody it is."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe

from streams.books.rows import SpendRow
from streams.dashboard import feed
from streams.dashboard.server import serve
from streams.settings import load_settings
from tests.dashboard import scenes
from tests.dashboard.browser import browsing, contains, visit
from tests.dashboard.hand_fed import HandFed, this_minute
from tests.dashboard.scenes import HAIKU, WEEK_MINUTES

OPEN_SECONDS = 1.0
"""From the request for the page until all of its numbers are drawn."""
UPDATES = 1_500
MOST_GROWTH = 1.5 * 2**20
"""Bytes of a tab's heap after so many updates: what the engine keeps for itself, not a leak."""


pytestmark = pytest.mark.asyncio(loop_scope="module")


def drawn(categories: int) -> str:
    """Whether so many categories and every chart are there, and when they were."""
    return f"""() => {{
      if (document.querySelectorAll("#categories tr").length < {categories}) return false;
      if (document.querySelectorAll("canvas").length < 5) return false;
      window.drawn ??= performance.now();
      return true;
    }}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    """One for all: it takes seconds to start."""
    async with browsing() as found:
        yield found


async def violations(page: Any) -> list[str]:
    """What axe finds, of serious and critical impact."""
    found = (await Axe().run(page)).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("scene", [scenes.busy, scenes.trouble], ids=["busy", "trouble"])
async def test_axe_finds_nothing_serious(browser: Any, scheme: str, scene: Any) -> None:
    source = HandFed()
    scene(source, 90)
    dashboard = await serve(source, load_settings(budget_per_day="50"), "127.0.0.1", 0)
    try:
        # Not by its own policy: axe is put into the page as a script.
        async with visit(browser, dashboard.url, color_scheme=scheme, bypass_csp=True) as page:
            await contains(page, "#categories", "billing")
            assert await violations(page) == []
    finally:
        await dashboard.stop()


async def opened(browser: Any, source: HandFed, ready: str) -> float:
    """The best of three, in seconds, of opening the page of a week."""
    dashboard = await serve(source, load_settings(), "127.0.0.1", 0)
    took = []
    try:
        for _ in range(3):
            async with visit(browser, dashboard.url, "?window=7d") as page:
                await page.wait_for_function(ready)
                took.append(float(await page.evaluate("window.drawn / 1000")))
    finally:
        await dashboard.stop()
    return min(took)


async def test_a_week_of_minutes_opens_in_a_second(browser: Any) -> None:
    """Or, on a machine that is too busy for that, not much later than a page without numbers."""
    empty = await opened(browser, HandFed(), drawn(0))
    source = HandFed()
    scenes.fill(source, WEEK_MINUTES, calls=False)
    assert len(source.books.spend) > 90_000
    week = await opened(browser, source, drawn(5))
    print(f"an empty page opened in {empty:.2f} s, a week in {week:.2f} s")
    assert week < max(OPEN_SECONDS, 2 * empty)


async def test_a_tab_that_stays_open_does_not_grow(
    browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More updates than an hour has, with minutes that pass."""
    monkeypatch.setattr(feed, "PAUSE_SECONDS", 0.002)
    source = HandFed()
    scenes.busy(source, 70)
    dashboard = await serve(source, load_settings(), "127.0.0.1", 0)

    async def heap(page: Any) -> int:
        await page.evaluate("gc()")
        session = await page.context.new_cdp_session(page)
        await session.send("HeapProfiler.collectGarbage")
        found = await session.send("Runtime.getHeapUsage")
        await session.detach()
        return int(found["usedSize"])

    async def updates(page: Any, first: int, number: int) -> None:
        for n in range(first, first + number):
            row = SpendRow(1, n + 1, n, n, 0, 0, n, 0)
            source.spend(f"0|{HAIKU}|billing", row, this_minute() - n % 60 * 60)
            source.calls.add(scenes.call(time.time(), took=100 + n % 900), source.stamp)
            await asyncio.sleep(0.002)

    try:
        async with visit(browser, dashboard.url) as page:
            await contains(page, "#categories", "billing")
            await updates(page, 0, UPDATES // 4)
            before = await heap(page)
            await updates(page, UPDATES // 4, UPDATES)
            nodes = await page.evaluate("document.querySelectorAll('*').length")
            after = await heap(page)
            assert await page.evaluate("performance.getEntriesByType('resource').length") < 60
    finally:
        await dashboard.stop()
    print(f"heap {before} -> {after} bytes, {nodes} elements")
    assert after - before < MOST_GROWTH
    assert nodes < 2_000
