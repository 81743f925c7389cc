"""The demo's panel in a real browser, on its own: the page around it has other tests."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from streams.dashboard.server import Dashboard, serve
from streams.settings import load_settings
from tests.browser import launch, playwright
from tests.dashboard.hand_fed import HandFed
from tests.dashboard.hand_pressed import HandPressed

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERDICT, DETAIL = "#promises [role=status]", "#promises .promises-detail"
KILL = "#promises button[data-fault=kill-worker]"


@pytest.fixture
def panel() -> HandPressed:
    return HandPressed()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    """One for all of these: it takes seconds to start."""
    async with launch() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Any, panel: HandPressed) -> AsyncIterator[Any]:
    """The page with the panel in it; nothing may go wrong there."""
    dashboard: Dashboard = await serve(HandFed(), load_settings(), "127.0.0.1", 0, panel)
    complaints: list[str] = []
    page = await browser.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(dashboard.url)
    await page.evaluate("async () => { await import('/static/promises.js'); }")
    yield page
    await page.close()
    await dashboard.stop()
    assert [text for text in complaints if "net::ERR_" not in text] == []


async def says(page: Any, selector: str, text: str) -> None:
    await playwright.expect(page.locator(selector)).to_contain_text(text)


async def test_it_says_that_the_promises_hold_and_the_books_agree(page: Any) -> None:
    await says(page, VERDICT, "Every promise holds")
    await says(page, DETAIL, "2,000 of 2,000 tickets are out. All 16 checks")
    await says(page, "#promises", "agree to the pico-dollar")
    await says(page, "#promises", "$1.000000")


async def test_it_says_settling_while_tickets_are_in_flight(page: Any, panel: HandPressed) -> None:
    panel.change(state="settling", in_flight=7, api=10**12 + 5, checks=0)
    await says(page, VERDICT, "Settling")
    await says(page, "#promises", "not committed yet")
    assert await page.locator("#promises [data-state=bad]").count() == 0


async def test_what_does_not_move_is_no_mere_settling(page: Any, panel: HandPressed) -> None:
    panel.change(state="settling", in_flight=1, checks=0)
    panel.still = 75
    await says(page, DETAIL, "1,999 of 2,000 tickets are out. Nothing has moved for 75 s.")


async def test_what_a_crash_cut_off_is_shown_with_its_bound(page: Any, panel: HandPressed) -> None:
    panel.change(api=10**12 + 2_471_900_000, unsettled=10_147_400_000)
    await says(page, "#promises", "$0.0024719 of at most $0.0101474 unsettled")


async def test_a_broken_promise_is_told_and_cannot_be_overseen(
    page: Any, panel: HandPressed
) -> None:
    evil = "<img src=x>: again at tickets.billing[0]@7"
    panel.change(state="broken", lost=1, duplicates=2, paid_twice=3, api=1, broken=(evil,))
    await says(page, VERDICT, "A promise does not hold")
    await says(page, DETAIL, evil)
    await says(page, "#promises", "it never charged that")
    assert await page.locator("#promises [data-state=bad]").count() == 4


async def test_it_says_when_kafka_is_away(page: Any, panel: HandPressed) -> None:
    panel.current = False
    await says(page, VERDICT, "Kafka is away")


async def test_a_button_is_pressed_with_the_keyboard_once(page: Any, panel: HandPressed) -> None:
    await page.focus(KILL)
    await page.keyboard.press("Enter")
    await playwright.expect(page.locator(KILL)).to_have_attribute("aria-disabled", "true")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.dataset.fault") == "kill-worker"
    panel.said = ["kill -9 of worker 42", "All are out."]
    await playwright.expect(page.locator("#promises [role=log] p")).to_have_text(
        ["Kill the worker.", *panel.said]
    )
    panel.busy = False
    await playwright.expect(page.locator(KILL)).to_have_attribute("aria-disabled", "false")
    assert panel.pressed == ["kill-worker"]


async def test_it_fits_a_phone(page: Any) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_the_panel(page: Any, panel: HandPressed, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.async_playwright").Axe()
    panel.pressed, panel.said = ["kill-worker"], ["Sent 300 tickets."]
    panel.change(state="broken", lost=1)
    # Not by the page's own policy: axe is put into it as a script.
    opened = await page.context.browser.new_context(color_scheme=scheme, bypass_csp=True)
    shown = await opened.new_page()
    await shown.goto(page.url)
    await shown.evaluate("async () => { await import('/static/promises.js'); }")
    await says(shown, VERDICT, "does not hold")
    found = await axe.run(shown, context="#promises")
    await opened.close()
    assert [violation["id"] for violation in found.response["violations"]] == []
