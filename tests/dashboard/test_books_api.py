"""Questions to the books over HTTP."""

import csv
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

import aiohttp
import pytest

from streams.books.rows import SpendRow
from streams.books.windows import HOUR, Window
from streams.dashboard.server import serve
from streams.settings import load_settings
from tests.dashboard.hand_fed import HandFed, this_minute


@pytest.fixture
def source() -> HandFed:
    source = HandFed()
    source.spend("0|m|billing|first|ok|p|c-1", SpendRow(1, picodollars=2**60))
    source.spend("1|m|billing|first|ok|p|c-2", SpendRow(2))
    source.spend("1|n|account|escalation|ok|p|", SpendRow(4))
    source.errors("0|api|timeout", 9)
    return source


@pytest.fixture
async def http(source: HandFed) -> AsyncIterator[aiohttp.ClientSession]:
    dashboard = await serve(source, load_settings(), "127.0.0.1", 0)
    async with aiohttp.ClientSession(dashboard.url) as session:
        yield session
    await dashboard.stop()


async def get(http: aiohttp.ClientSession, path: str, status: int = 200) -> Any:
    async with http.get(path) as response:
        assert response.status == status
        return await response.json()


async def test_rows_are_grouped_and_filtered_and_money_is_exact(
    http: aiohttp.ClientSession,
) -> None:
    found = await get(http, "/api/spend?by=tier&by=category&where=category%3Dbilling")
    [row] = found["rows"]
    assert (row["tier"], row["category"], row["calls"]) == ("first", "billing", 3)
    assert row["picodollars"] == found["total"]["picodollars"] == str(2**60)
    assert (found["notes"], found["next"]) == ([], None)


async def test_errors_are_asked_the_same_way(http: aiohttp.ClientSession) -> None:
    found = await get(http, "/api/errors?last=1h&by=stage")
    assert found == {
        "rows": [{"stage": "api", "errors": 9}],
        "total": {"errors": 9},
        "notes": [],
        "next": None,
    }


async def test_without_parameters_it_is_the_page_s_answer(http: aiohttp.ClientSession) -> None:
    assert (await get(http, "/api/spend")).keys() >= {"total", "recent", "categories", "starts"}
    assert (await get(http, "/api/errors")).keys() >= {"total", "recent", "types", "starts"}


async def test_pages_follow_one_another(http: aiohttp.ClientSession) -> None:
    first = await get(http, "/api/spend?by=value&limit=2")
    second = await get(http, f"/api/spend?by=value&limit=2&cursor={first['next']}")
    assert [row["value"] for row in (*first["rows"], *second["rows"])] == ["", "c-1", "c-2"]
    assert second["next"] is None
    assert first["total"] == second["total"]


async def test_csv_names_its_next_page(http: aiohttp.ClientSession) -> None:
    path, seen = "/api/spend?by=model,category&limit=1&format=csv", []
    while path:
        async with http.get(path) as response:
            assert response.content_type == "text/csv"
            seen += list(csv.DictReader(StringIO(await response.text())))
            path = str(response.links["next"]["url"]) if "next" in response.links else ""
    assert [(row["model"], row["category"], row["calls"]) for row in seen] == [
        ("m", "billing", "3"),
        ("n", "account", "4"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("by=text", "'text' is none of model"),
        ("group=model", "'group' is none of by, where"),
        ("limit=0", "limit must be"),
        ("limit=x", "limit must be"),
        ("cursor=x", "cursor"),
        ("format=xml", "'xml' is none of json, csv"),
        ("since=soon", "not a time"),
    ],
)
async def test_what_cannot_be_asked_is_a_400(
    http: aiohttp.ClientSession, words: str, said: str
) -> None:
    assert said in (await get(http, f"/api/spend?{words}", 400))["error"]


async def test_what_would_split_an_hour_is_a_400_that_says_what_can_be_asked(
    http: aiohttp.ClientSession, source: HandFed
) -> None:
    hour = Window(this_minute() - HOUR, 0).inside(HOUR)
    source.hour("0|m|billing|first|ok|p|", SpendRow(8), hour)
    error = (await get(http, "/api/spend?every=minute", 400))["error"]
    assert "ask from then on" in error
    assert len((await get(http, "/api/spend?every=hour&by=model"))["rows"]) >= 2
