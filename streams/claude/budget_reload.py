"""Budgets that are changed in the settings file while the worker, or the dashboard, runs. Nothing
else is taken."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from streams.books.limits import Limit
from streams.settings import SettingsError, load_settings, settings_file

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between looks."""


class BudgetReload:
    """Looks at the settings file; ``change`` is told of its budgets whenever its text is another.

    ``limits`` are the budgets now. A file that is broken, or gone, changes nothing. The environment
    comes first, as ever: what is set there the file does not change.
    """

    def __init__(
        self, limits: tuple[Limit, ...], change: Callable[[tuple[Limit, ...]], object]
    ) -> None:
        self._limits = limits
        self._change = change
        self._path = settings_file()
        self._text = _read(self._path)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            self.look()

    def look(self) -> None:
        """Take what has changed since the last look."""
        text = _read(self._path)
        if text == self._text:
            return
        self._text = text
        try:
            if text is None:
                raise SettingsError(f"{self._path} cannot be read")  # noqa: TRY301
            limits = load_settings().limits
        except SettingsError as error:
            log.error("budgets stay, for the changed settings file is wrong: %s", error)  # noqa: TRY400
            return
        if limits != self._limits:
            self._limits = limits
            told = ", ".join(map(str, limits)) or "none"
            log.warning("budgets are changed by the settings file: %s", told)
            self._change(limits)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
