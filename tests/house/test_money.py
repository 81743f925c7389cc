"""docs/money.md is what its script makes."""

import runpy

from tests.house.files import ROOT, text

MONEY = runpy.run_path(str(ROOT / "docs" / "money.py"))


def test_the_page_is_what_the_script_makes() -> None:
    assert text("docs/money.md") == MONEY["page"](), "run python -m docs.money"
