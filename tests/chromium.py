"""A Chromium of this machine, driven by Playwright, which never downloads one itself."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOUND = ROOT / "build" / ".chromium"
"""Written by ``make build/.chromium``: the path of a Chromium."""
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
WHY = (
    "no Chromium was found: the page is not tried in a browser. Install one "
    "(on Debian: apt-get install chromium), or run make test as root"
)


def find_chromium() -> str | None:
    """The executable of a Chromium or Chrome."""
    named = FOUND.read_text("utf-8").strip() if FOUND.exists() else ""
    if named and os.access(named, os.X_OK):
        return named
    return next(filter(None, map(shutil.which, NAMES)), None)


@asynccontextmanager
async def launch(*flags: str) -> AsyncIterator[Any]:
    """A running browser, with more ``flags``. Fails where there is none."""
    from playwright.async_api import async_playwright

    executable = find_chromium()
    assert executable, WHY
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=executable, args=[*FLAGS, *flags])
        yield browser
        await browser.close()
