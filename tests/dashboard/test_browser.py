"""The page in a real Chromium: what it shows, and how it is used."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from streams.books.rows import SpendRow
from streams.dashboard.server import Dashboard, serve
from streams.settings import load_settings
from tests.dashboard import scenes
from tests.dashboard.browser import (
    PHONE,
    browsing,
    contains,
    counted,
    see,
    shoot,
    visit,
)
from tests.dashboard.hand_fed import HandFed, this_minute
from tests.dashboard.scenes import HAIKU, SONNET

EVIL = "<script>document.title='evil'</script><img src=x>"
UPDATE_SECONDS = 2.0
NOBODY = "No worker runs, and 3,600 tickets wait: start ticket-streams worker"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": PHONE, "device_scale_factor": 2},
}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def source() -> HandFed:
    return HandFed()


@pytest_asyncio.fixture(loop_scope="module")
async def dashboard(source: HandFed) -> AsyncIterator[Dashboard]:
    dashboard = await serve(source, load_settings(budget_per_day="50"), "127.0.0.1", 0)
    yield dashboard
    await dashboard.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    """One for all: it takes seconds to start."""
    async with browsing() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Any, dashboard: Dashboard) -> AsyncIterator[Any]:
    async with visit(browser, dashboard.url) as found:
        yield found


async def test_it_says_that_there_is_no_data_and_then_shows_it(page: Any, source: HandFed) -> None:
    await see(page, "#state", "Live")
    await contains(page, "#verdict-text", "No data yet")
    source.spend("0|m|billing", SpendRow(2, 40, 1_000, 200, 0, 0, 1_234_567_890_123, 0))
    source.errors("0|answer|missing", 3)
    began = time.monotonic()
    await see(page, "#today", "$1.23")
    assert time.monotonic() - began < UPDATE_SECONDS
    await see(page, "#today-minor", "4567")
    await see(page, "#rate", "$30.8642")
    await see(page, "#errors", "3")
    await contains(page, "#verdict-text", "All is well")
    await see(page, "#categories th", "billing")
    await counted(page, "canvas", 5)


async def test_names_from_outside_stay_text(page: Any, source: HandFed) -> None:
    source.spend(f"0|{EVIL}|{EVIL}", SpendRow(tickets=1))
    source.errors(f"0|{EVIL}|{EVIL}", 1)
    source.latest.text = True
    line = {"at": 1, "place": "0:1", "confidence": 1, "tier": "first", "picodollars": "1"}
    told = {"category": EVIL, "model": EVIL, "reason": EVIL, "id": EVIL, "text": EVIL}
    source.latest.tickets = [{**line, **told}]
    letter = {"at": 1, "place": "0:1", "source": EVIL, "stage": EVIL, "type": EVIL, "message": EVIL}
    source.latest.letters = [letter]
    source.committed()
    await see(page, "#categories th", EVIL)
    await see(page, "#types th", EVIL)
    await contains(page, "#ticket-rows", EVIL)
    await contains(page, "#letter-rows", EVIL)
    await counted(page, "main script, main img", 0)
    assert "evil" not in await page.title()


async def test_windows_and_filters_stand_in_the_address(page: Any, source: HandFed) -> None:
    source.spend(f"0|{HAIKU}|billing", SpendRow(tickets=1))
    source.spend(f"0|{SONNET}|account", SpendRow(tickets=2))
    source.spend(f"0|{HAIKU}|technical", SpendRow(tickets=4), this_minute() - 7_200)
    total = "#categories-total td:nth-child(4)"
    await see(page, total, "3")
    await page.get_by_text("24 hours").click()
    await see(page, total, "7")
    await page.select_option("#category", "billing")
    await see(page, total, "1")
    await page.select_option("#model", SONNET)
    await see(page, "#categories", "No tickets yet")
    assert page.url.endswith(f"?window=24h&category=billing&model={SONNET}")
    await page.reload()
    await see(page, "#categories", "No tickets yet")
    assert await page.input_value("#category") == "billing"
    assert await page.is_checked("input[value='24h']")
    for _ in range(2):
        await page.go_back()
    await see(page, total, "7")


async def test_dragging_zooms_and_the_keyboard_moves(page: Any, source: HandFed) -> None:
    for ago in range(55):
        row = SpendRow(tickets=1, picodollars=10**9)
        source.spend(f"0|{HAIKU}|billing", row, this_minute() - ago * 60)
    await see(page, "#categories-total td:nth-child(4)", "55")
    box = await page.locator("#spend-chart .u-over").bounding_box()
    await page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 50)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 50, steps=5)
    selected = "document.querySelector('#spend-chart .u-select').offsetWidth > 100"
    await page.wait_for_function(selected)
    await page.mouse.up()
    await contains(page, "#shown-time", " to ")
    assert "from=" in page.url
    shown = int(await page.inner_text("#categories-total td:nth-child(4)"))
    assert 15 <= shown <= 21
    plot = page.locator("#tickets-chart .plot")
    await plot.focus()
    await page.keyboard.press("Home")
    await contains(page, "#tickets-chart .legend", "billing")
    first = await page.inner_text("#tickets-chart .when")
    await page.keyboard.press("ArrowRight")
    assert await page.inner_text("#tickets-chart .when") != first
    for _ in range(2):  # wider, until the end is now again
        await page.get_by_label("Wider").click()
    await page.get_by_text("1 hour").click()
    await see(page, "#shown-time", "")


async def test_what_is_shown_can_be_had_as_csv(page: Any, source: HandFed) -> None:
    row = SpendRow(1, 2, 3, 4, 5, 6, 2**60 + 1, 7)
    source.spend(f"0|{HAIKU}|=billing", row)
    await see(page, "#categories th", "=billing")
    async with page.expect_download() as waiting:
        await page.get_by_text("CSV").click()
    download = await waiting.value
    head, line = (await download.path()).read_text("utf-8").splitlines()
    assert head.startswith("start,seconds,category,model,calls,tickets,input_tokens")
    assert line.endswith(f",60,'=billing,all,1,2,3,4,5,6,{2**60 + 1},7")


async def test_it_says_what_is_the_matter(page: Any, source: HandFed) -> None:
    scenes.fill(source, 10)
    source.group = scenes.group(waiting=3_600, workers=0)
    source.errors("0|decode|too_large", 3)
    await see(page, "#verdict-text", NOBODY)
    await contains(page, "#alerts", "3 dead letters in the last hour")
    assert await page.title() == "✖ ticket-streams"
    source.spend("9|m|billing", SpendRow(tickets=1, picodollars=49 * 10**12))
    await contains(page, "#alerts", "of the day's budget is used")
    source.group = scenes.group(waiting=0)
    source.touch()
    await counted(page, "#verdict[data-level=warn]", 1)


async def test_it_says_when_kafka_is_away(page: Any, source: HandFed) -> None:
    source.spend("0|m|billing", SpendRow(tickets=1))
    await see(page, "#categories-total td:nth-child(4)", "1")
    source.tell("away", "Kafka does not answer")
    await see(page, "#state", "Kafka is away")
    await contains(page, "#verdict-text", "Kafka does not answer")
    await contains(page, "#age", "old")
    await see(page, "#categories-total td:nth-child(4)", "1")


async def test_it_goes_on_with_a_server_that_was_restarted(
    page: Any, source: HandFed, dashboard: Dashboard
) -> None:
    source.spend("0|m|billing", SpendRow(tickets=1))
    total = "#categories-total td:nth-child(4)"
    await see(page, total, "1")
    await dashboard.stop()
    await see(page, "#state", "Reconnecting…")
    await contains(page, "#verdict-text", "these numbers are old")
    after = HandFed()
    after.spend("0|m|billing", SpendRow(tickets=2))
    again = await serve(after, load_settings(), "127.0.0.1", int(dashboard.url.rpartition(":")[2]))
    try:
        await see(page, total, "2")
        await see(page, "#state", "Live")
    finally:
        await again.stop()


async def test_it_fits_a_phone(page: Any, source: HandFed) -> None:
    await page.set_viewport_size(PHONE)
    scenes.busy(source, 10)
    source.spend("0|m|a_category_with_quite_a_long_name", SpendRow(*[123_456_789_012] * 8))
    source.errors("0|api|an_error_with_quite_a_long_name", 123_456_789)
    await contains(page, "#types", "quite_a_long_name")
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


async def test_money_is_rounded_half_to_even_and_grouped(page: Any) -> None:
    shown = await page.evaluate(
        """async () => {
          const { dollars, exactDollars } = await import("/static/format.js");
          return [500000n, 1500000n, 2500000n, 1234567000000000000n, 0n].map((n) => dollars(n))
            .concat(exactDollars(9007199254740993000001n));
        }"""
    )
    assert shown == [
        "$0.000000", "$0.000002", "$0.000002", "$1,234,567.000000", "$0.000000",
        "$9,007,199,254.74", "0993000001",
    ]  # fmt: skip


async def test_pictures_of_it_are_kept(browser: Any, source: HandFed, dashboard: Dashboard) -> None:
    async with visit(browser, dashboard.url) as page:
        await contains(page, "#verdict-text", "No data yet")
        await shoot(page, "empty")
    scenes.busy(source, 200)
    for name, look in LOOKS.items():
        async with visit(browser, dashboard.url, **look) as page:
            await contains(page, "#verdict-text", "tickets a second")
            await shoot(page, name)
    source.tell("away", "Kafka does not answer at 127.0.0.1:9092")
    async with visit(browser, dashboard.url) as page:
        await see(page, "#state", "Kafka is away")
        await shoot(page, "away")
