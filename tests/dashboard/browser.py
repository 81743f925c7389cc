"""A real Chromium, and what every page in it must keep to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.browser import launch, playwright

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


@asynccontextmanager
async def browsing() -> AsyncIterator[Any]:
    """A browser, whose pages are opened with :func:`visit`."""
    async with launch("--js-flags=--expose-gc") as browser:
        yield browser


@asynccontextmanager
async def visit(browser: Any, url: str, query: str = "", **context: Any) -> AsyncIterator[Any]:
    """An open page; nothing may go wrong in it, nothing may be asked of another server, and what is
    shown must fit the window."""
    complaints: list[str] = []
    opened = await browser.new_context(**{"viewport": DESKTOP, **context})
    page = await opened.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url)
            if not request.url.startswith((url, "blob:")) else None)  # fmt: skip
    await page.goto(f"{url}/{query}")
    yield page
    await opened.close()
    # A lost connection is the browser's own complaint, and what some of the tests are about.
    assert [text for text in complaints if "net::ERR_" not in text] == []


async def see(page: Any, selector: str, text: Any) -> None:
    """Waits until the element has exactly this text (or matches the pattern)."""
    await playwright.expect(page.locator(selector)).to_have_text(text)


async def contains(page: Any, selector: str, text: str, timeout: float = 5) -> None:
    """Waits until the element's text contains this, for so many seconds."""
    expected = playwright.expect(page.locator(selector))
    await expected.to_contain_text(text, timeout=timeout * 1000)


async def counted(page: Any, selector: str, number: int) -> None:
    """Waits until there are so many of them."""
    await playwright.expect(page.locator(selector)).to_have_count(number)


async def shoot(page: Any, name: str) -> None:
    """Keeps a picture of the whole page in build/screenshots."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
