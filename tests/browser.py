"""A Chromium for tests: that of this machine, or a word about why there is none.

In CI a missing one is a failure: a test that nobody runs promises nothing.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOUND = ROOT / "build" / ".chromium"
"""Written by ``make build/.chromium``: the path of a Chromium, or nothing."""
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


playwright: Any = pytest.importorskip(
    "playwright.async_api", reason="playwright is not installed: the page is not tried in a browser"
)
CHROMIUM = find_chromium()
if CHROMIUM is None and not os.environ.get("CI"):
    pytest.skip(WHY, allow_module_level=True)


@asynccontextmanager
async def launch() -> AsyncIterator[Any]:
    """A running browser. In CI the test fails where there is none."""
    assert CHROMIUM, WHY
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        await browser.close()
