"""The report in a real browser. Needs a Chromium on this machine and the package playwright."""

import shutil
from pathlib import Path

import pytest

from streams.evaluate.page import page
from tests.evaluate.evaluations import JUDGED, evaluation, summary

playwright = pytest.importorskip(
    "playwright.async_api",
    reason="playwright is not installed: the report is not tried in a browser",
    exc_type=ImportError,
)
CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("no chromium: the report is not tried in a browser", allow_module_level=True)

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@pytest.mark.parametrize("width", [360, 800, 1280])
async def test_it_fits_the_screen_and_asks_for_nothing_else(tmp_path: Path, width: int) -> None:
    file = tmp_path / "report.html"
    runs = summary(), summary("model=a-model-with-quite-a-long-name-for-a-phone", JUDGED)
    file.write_text(page(evaluation(*runs, texts={2: "word" * 200})), "utf-8")
    asked: list[str] = []
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        shown = await browser.new_page(viewport={"width": width, "height": 800})
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("console", lambda message: asked.append(message.text))
        await shown.goto(file.as_uri())
        widest = await shown.evaluate("document.documentElement.scrollWidth")
        await browser.close()
    assert widest == width
    assert asked == [file.as_uri()]
