import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from streams.books.limits import Limit
from streams.books.rows import SpendRow
from streams.dashboard import feed as feed_module
from streams.dashboard.feed import Feed
from streams.dashboard.scope import Scope
from streams.settings import load_settings
from tests.dashboard.hand_fed import HandFed

LIMIT = 5.0


async def following(updates: AsyncIterator[str]) -> Any:
    async with asyncio.timeout(LIMIT):
        return json.loads(await anext(updates))


async def test_the_first_update_comes_at_once_and_the_next_after_a_change() -> None:
    source = HandFed()
    updates = Feed(source, load_settings()).updates()
    assert (await following(updates))["spend"]["total"]["tickets"] == 0
    source.spend("0|m|billing", SpendRow(tickets=7))
    assert (await following(updates))["spend"]["total"]["tickets"] == 7


async def test_a_change_during_the_pause_is_not_missed() -> None:
    source = HandFed()
    feed = Feed(source, load_settings())
    early, late = feed.updates(), feed.updates()
    await following(early)
    source.errors("0|api|timeout", 3)
    # Made before the change and still young: the second reader gets it, and then the change.
    assert (await following(late))["errors"]["total"] == 0
    assert (await following(late))["errors"]["total"] == 3


async def test_without_changes_there_is_a_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(feed_module, "PAUSE_SECONDS", 0.01)
    updates = Feed(HandFed(), load_settings()).updates()
    first, second = await following(updates), await following(updates)
    assert second["status"]["version"] == first["status"]["version"]
    assert second["status"]["now"] > first["status"]["now"]


async def test_a_page_that_is_open_is_told_of_other_budgets() -> None:
    feed = Feed(HandFed(), load_settings(budget_per_day=1))
    told = feed.page(Scope())
    assert [budget["limit"] for budget in (await following(told))["budgets"]] == [str(10**12)]
    feed.change((Limit("hour", Decimal(2)),))
    [budget] = (await following(told))["budgets"]
    assert (budget["period"], budget["limit"]) == ("hour", str(2 * 10**12))


async def test_many_readers_share_one_making(monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0

    def make() -> dict[str, int]:
        nonlocal made
        made += 1
        return {"made": made}

    feed = Feed(HandFed(), load_settings())
    monkeypatch.setattr(feed, "state", make)
    for _ in range(10):
        await following(feed.updates())
    assert made == 1
