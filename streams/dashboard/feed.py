"""The whole state of the page as one JSON text, made once for everybody who looks."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from streams.books.limits import Limit
from streams.dashboard import views
from streams.dashboard.live import Page
from streams.dashboard.scope import Scope
from streams.dashboard.source import BooksSource
from streams.settings import Settings

PAUSE_SECONDS = 0.5
"""Least time between two updates."""
HEARTBEAT_SECONDS = 5.0
"""Most time between two updates: the minutes of the charts move on without any ticket."""
MOST_LOAD = 0.1
"""Most of one CPU that making updates may take: long tables are shown less often."""


class Feed:
    """Makes the state when somebody asks, and not more often than it may."""

    def __init__(self, source: BooksSource, settings: Settings) -> None:
        self.source = source
        self.settings = settings
        self.limits = settings.limits
        """The budgets now; those of the settings file may change."""
        self._text = ""
        self._version = -1
        self._made_at = -HEARTBEAT_SECONDS
        self._cost = 0.0

    def change(self, limits: tuple[Limit, ...]) -> None:
        """These are the budgets from now on."""
        self.limits = limits
        self.source.touch()

    def frame(self) -> views.Frame:
        """What the charts show now."""
        return views.Frame.ending(time.time(), self.settings.window_seconds)

    def status(self) -> views.Json:
        """How current the numbers are."""
        return views.status(self.source, self.settings, time.time())

    def state(self) -> views.Json:
        """``{"status", "spend", "errors"}`` now."""
        books, frame = self.source.books, self.frame()
        return {
            "status": self.status(),
            "spend": views.spend(books, frame),
            "errors": views.errors(books, frame),
        }

    async def updates(self) -> AsyncIterator[str]:
        """The state as JSON: at once, then after each change, and as a heartbeat. Never ends."""
        while True:
            text, version = self._current()
            yield text
            await asyncio.sleep(self._pause)
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS - PAUSE_SECONDS):
                    await self.source.changed(version)
            except TimeoutError:
                continue

    async def page(self, scope: Scope) -> AsyncIterator[str]:
        """What one open page is told (streams/dashboard/live.py), as JSON: at once, then after each
        change, and as a heartbeat. Never ends."""
        page = Page(self.source, self.settings, scope, lambda: self.limits)
        while True:
            version = self.source.version
            yield json.dumps(page.message(time.time()), separators=(",", ":"))
            await asyncio.sleep(PAUSE_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS - PAUSE_SECONDS):
                    await self.source.changed(version)

    @property
    def _pause(self) -> float:
        return max(PAUSE_SECONDS, self._cost / MOST_LOAD)

    def _current(self) -> tuple[str, int]:
        """The text and the version it was made from: old enough ones are made anew."""
        age = time.monotonic() - self._made_at
        changed = self._version != self.source.version
        if age >= HEARTBEAT_SECONDS or (changed and age >= self._pause):
            began = time.monotonic()
            self._version = self.source.version
            self._text = json.dumps(self.state(), separators=(",", ":"))
            self._made_at = time.monotonic()
            self._cost = self._made_at - began
        return self._text, self._version
