"""For test modules that need a browser: imported, it skips them where there is none.

Not in CI: there they fail, as a test that nobody runs promises nothing.
"""

import os
from typing import Any

import pytest

from tests.chromium import WHY, find_chromium, launch

playwright: Any = pytest.importorskip(
    "playwright.async_api",
    reason="playwright is not installed: the page is not tried in a browser",
    exc_type=ImportError,
)
if not find_chromium() and not os.environ.get("CI"):
    pytest.skip(WHY, allow_module_level=True)

__all__ = ["launch", "playwright"]
