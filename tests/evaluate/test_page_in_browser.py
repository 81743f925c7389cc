"""The report in a real browser. Needs a Chromium on this machine and the package playwright."""

from pathlib import Path

import pytest

from streams.evaluate.page import page
from tests.browser import launch
from tests.evaluate.evaluations import JUDGED, evaluation, summary


@pytest.mark.parametrize("width", [360, 800, 1280])
async def test_it_fits_the_screen_and_asks_for_nothing_else(tmp_path: Path, width: int) -> None:
    file = tmp_path / "report.html"
    runs = summary(), summary("model=a-model-with-quite-a-long-name-for-a-phone", JUDGED)
    file.write_text(page(evaluation(*runs, texts={2: "word" * 200})), "utf-8")
    asked: list[str] = []
    async with launch() as browser:
        shown = await browser.new_page(viewport={"width": width, "height": 800})
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("console", lambda message: asked.append(message.text))
        await shown.goto(file.as_uri())
        widest = await shown.evaluate("document.documentElement.scrollWidth")
    assert widest == width
    assert asked == [file.as_uri()]
