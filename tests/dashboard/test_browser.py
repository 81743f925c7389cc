"""The page in a real browser. Needs a Chromium on this machine and the package playwright."""

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest

from streams.books.rows import SpendRow
from streams.dashboard.server import Dashboard, serve
from streams.settings import load_settings
from tests.dashboard.hand_fed import HandFed

playwright = pytest.importorskip(
    "playwright.async_api", reason="playwright is not installed: the page is not tried in a browser"
)
CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("no chromium: the page is not tried in a browser", allow_module_level=True)

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
EVIL = "<script>document.title='evil'</script><img src=x>"
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def source() -> HandFed:
    return HandFed()


@pytest.fixture
async def dashboard(source: HandFed) -> AsyncIterator[Dashboard]:
    dashboard = await serve(source, load_settings(), "127.0.0.1", 0)
    yield dashboard
    await dashboard.stop()


@pytest.fixture
async def page(dashboard: Dashboard) -> AsyncIterator[Any]:
    """The open page; nothing may go wrong in it, and nothing may be asked of another server."""
    complaints: list[str] = []
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url)
                if not request.url.startswith(dashboard.url) else None)  # fmt: skip
        await page.goto(dashboard.url)
        yield page
        await browser.close()
    # A lost connection is the browser's own complaint, and what one of the tests is about.
    assert [text for text in complaints if "net::ERR_" not in text] == []


async def see(page: Any, selector: str, text: str) -> None:
    await playwright.expect(page.locator(selector)).to_have_text(text)


async def test_it_says_that_there_is_no_data_and_then_shows_it(page: Any, source: HandFed) -> None:
    await see(page, "#state", "Live")
    await playwright.expect(page.locator("#notice")).to_contain_text("No data yet")
    source.spend("0|m|billing", SpendRow(2, 40, 1_000, 200, 0, 0, 1_234_567_890_123, 0))
    source.errors("0|api|timeout", 3)
    await see(page, "#spend", "$1.23")
    await see(page, "#spend-minor", "4567890123")
    await see(page, "#rate", "$30.8642")
    await see(page, "#tickets", "40")
    await see(page, "#errors", "3")
    await see(page, "#notice", "")
    await see(page, "#categories th", "billing")
    await playwright.expect(page.locator("canvas")).to_have_count(3)


async def test_names_from_outside_stay_text(page: Any, source: HandFed) -> None:
    source.spend(f"0|m|{EVIL}", SpendRow(tickets=1))
    source.errors(f"0|{EVIL}|{EVIL}", 1)
    await see(page, "#categories th", EVIL)
    await see(page, "#types th", EVIL)
    await playwright.expect(page.locator("main script, main img")).to_have_count(0)
    await playwright.expect(page).to_have_title("ticket-streams")


async def test_it_says_when_kafka_is_away(page: Any, source: HandFed) -> None:
    source.spend("0|m|billing", SpendRow(tickets=1))
    await see(page, "#tickets", "1")
    source.tell("away", "Kafka does not answer")
    await see(page, "#state", "Kafka is away")
    await playwright.expect(page.locator("#age")).to_contain_text("old")
    await see(page, "#tickets", "1")


async def test_it_says_when_the_server_is_away(page: Any, dashboard: Dashboard) -> None:
    await see(page, "#state", "Live")
    await page.route("**/*", lambda route: route.abort())  # and stays away
    await dashboard.stop()
    await see(page, "#state", "Reconnecting…")


async def test_it_fits_a_phone(page: Any, source: HandFed) -> None:
    await page.set_viewport_size(PHONE)
    source.spend("0|m|a_category_with_quite_a_long_name", SpendRow(*[123_456_789_012] * 8))
    source.errors("0|api|an_error_with_quite_a_long_name", 123_456_789)
    await playwright.expect(page.locator("#types th")).to_have_count(1)
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
