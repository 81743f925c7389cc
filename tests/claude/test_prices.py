"""Prices: by hand, and against a second list that is not ours."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.claude.prices import (
    NoPrice,
    PriceList,
    PricesError,
    Usage,
    cost,
    price_list,
    prices_of,
)
from streams.settings import SettingsError, load_settings

DAY = date(2026, 11, 21)
MODELS = [
    "claude-haiku-5-5",
    "claude-haiku-4-5-20251001",
    "claude-haiku-4-5",
    "claude-sonnet-5-5",
    "claude-opus-5-5",
]
PRICES = price_list()

tokens = st.integers(0, 300_000)
usages = st.builds(Usage, tokens, tokens, tokens, tokens, tokens)


@pytest.mark.parametrize(
    ("model", "usage", "picodollars"),
    [
        # 1000 x $0.10/M + 20 x $0.50/M = $0.00011
        ("claude-haiku-5-5", Usage(1_000, 20), 110_000_000),
        # 214 x $0.10/M + 640 x $0.01/M + 19 x $0.50/M = $0.0000373
        ("claude-haiku-5-5", Usage(214, 19, cache_read=640), 37_300_000),
        # 100 x ($0.125/M + $0.20/M) = $0.0000325
        ("claude-haiku-5-5", Usage(0, 0, 100, 100), 32_500_000),
        # the last token of the lower band: $0.01 + 1 x $0.50/M
        ("claude-haiku-5-5", Usage(100_000, 1), 10_000_500_000),
        # one more, and the whole request is in the higher band: $0.0500005 + 1 x $2.50/M
        ("claude-haiku-5-5", Usage(100_001, 1), 50_003_000_000),
        # cached tokens count toward the band: 1 x $0.50/M + 100000 x $0.05/M
        ("claude-haiku-5-5", Usage(1, 0, cache_read=100_000), 5_000_500_000),
        ("claude-haiku-5-5", Usage(1, 0, cache_write_5m=100_000), 62_500_500_000),
        ("claude-haiku-5-5", Usage(1, 0, cache_write_1h=100_000), 100_000_500_000),
        ("claude-haiku-5-5", Usage(1, 1, 1, 1, 1, "us"), 935_000 * 11 // 10),
        ("claude-haiku-5-5", Usage(1, 1, 1, 1, 1, "global"), 935_000),
        ("claude-haiku-5-5", Usage(1, 1, 1, 1, 1, batch=True), 467_500),
        ("claude-haiku-5-5", Usage(1, 1, 1, 1, 1, "us", batch=True), 514_250),
        ("claude-haiku-4-5-20251001", Usage(1, 1, 1, 1, 1), 9_350_000),
        ("claude-haiku-4-5", Usage(1, 1, 1, 1, 1), 9_350_000),
        ("claude-sonnet-5-5", Usage(1, 1, 1, 1, 1), 18_600_000),
        ("claude-opus-5-5", Usage(1, 1, 1, 1, 1), 37_200_000),
        ("claude-opus-5-5", Usage(), 0),
    ],
)
def test_costs_worked_out_by_hand(model: str, usage: Usage, picodollars: int) -> None:
    assert PRICES.cost(model, usage, DAY) == picodollars
    assert cost(usage, PRICES.price(model, DAY)) == picodollars


@pytest.mark.parametrize("model", MODELS)
@given(usages)
def test_a_second_price_list_agrees(model: str, usage: Usage) -> None:
    theirs = genai_prices.calc_price(
        # Theirs counts cached tokens as input tokens too.
        genai_prices.Usage(
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.output_tokens,
            cache_write_tokens=usage.cache_write_5m + usage.cache_write_1h,
            cache_write_5m_tokens=usage.cache_write_5m,
            cache_write_1h_tokens=usage.cache_write_1h,
            cache_read_tokens=usage.cache_read,
        ),
        model,
        provider_id="anthropic",
        genai_request_timestamp=datetime(2026, 11, 21, tzinfo=UTC),
    ).total_price
    assert Decimal(PRICES.cost(model, usage, DAY)) == theirs * PICODOLLARS_PER_DOLLAR


@pytest.mark.parametrize("model", MODELS)
@given(usages)
def test_inference_in_the_us_costs_exactly_a_tenth_more(model: str, usage: Usage) -> None:
    price = PRICES.price(model, DAY)
    local = replace(usage, inference_geo="us")
    assert cost(local, price) * 10 == cost(usage, price) * 11


@pytest.mark.parametrize("model", MODELS)
@given(usages, st.sampled_from([None, "us"]))
def test_a_batch_costs_exactly_half(model: str, usage: Usage, geo: str | None) -> None:
    price, usage = PRICES.price(model, DAY), replace(usage, inference_geo=geo)
    assert cost(replace(usage, batch=True), price) * 2 == cost(usage, price)


@pytest.mark.parametrize("model", MODELS)
@given(tokens, tokens, tokens, tokens)
def test_the_upper_bound_is_above_every_smaller_call(
    model: str, more: int, less: int, most: int, fewer: int
) -> None:
    bound = PRICES.upper_bound(model, max(more, less), max(most, fewer), DAY)
    assert bound >= PRICES.cost(model, Usage(min(more, less), min(most, fewer)), DAY)


@pytest.mark.parametrize(
    "model", ["claude-3-5-haiku-20241022", "gpt-5", "", "claude-haiku-5", "claude-haiku-5-5-latest"]
)
def test_a_model_without_a_price_is_an_error_not_free(model: str) -> None:
    assert not PRICES.known(model)
    with pytest.raises(NoPrice, match=re.escape(repr(model))):
        PRICES.price(model, DAY)
    with pytest.raises(NoPrice):
        PRICES.upper_bound(model, 1, 1, DAY)


def test_a_snapshot_has_the_price_of_its_model() -> None:
    assert PRICES.known("claude-haiku-5-5-20261007")
    assert PRICES.price("claude-haiku-5-5-20261007", DAY) == PRICES.price("claude-haiku-5-5", DAY)


def test_all_listed_models_are_known() -> None:
    assert all(PRICES.known(model) for model in MODELS)


def entry(model: str, rate: int, more: str = "", band: str = "") -> str:
    rates = ", ".join(
        f"{kind} = {rate}"
        for kind in ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
    )
    return f'[[price]]\nmodel = "{model}"\n{more}\nbands = [{{ {band} {rates} }}]\n'


def test_the_price_of_the_day_holds() -> None:
    prices = PriceList.from_toml(
        entry("m", 40, "since = 2027-01-01\naliases = ['n']") + entry("m", 20, 'aliases = ["n"]')
    )
    midnight = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp() * 1000)
    for name in ("m", "n"):
        assert prices.cost(name, Usage(1), 0) == 20
        assert prices.cost(name, Usage(1), midnight - 1) == 20
        assert prices.cost(name, Usage(1), midnight) == 40
        assert prices.cost(name, Usage(1), date(2026, 12, 31)) == 20
        assert prices.cost(name, Usage(1), date(2027, 1, 1)) == 40


WRONG = [
    pytest.param(entry("m", 20, "since = 2027-01-01"), "m: one entry", id="first has a date"),
    pytest.param(entry("m", 20) + entry("m", 40), "m: one entry", id="second has none"),
    pytest.param(
        entry("m", 20) + 2 * entry("m", 40, "since = 2027-01-01"), "m: one entry", id="same day"
    ),
    pytest.param(entry("m", 30), "price 1 bands 1 input: ", id="its half is not whole"),
    pytest.param(entry("m", -20), "price 1 bands 1 input: ", id="negative"),
    pytest.param(entry("m", 20) + entry("n", 1), "price 2 bands 1 input: ", id="second entry"),
    pytest.param(entry("m", 20, band="up_to = 5,"), "price 1: bands must grow", id="ends"),
    pytest.param(entry("m", 20, band="bandz = 1,"), "price 1 bands 1 bandz: ", id="misspelt"),
    pytest.param(entry("m", 20, "sins = 2027-01-01"), "price 1 sins: ", id="misspelt above"),
    pytest.param(entry("m", 20, "since = 'soon'"), "price 1 since: ", id="no day"),
    pytest.param("[[price]]\nmodel = 'm'\nbands = []\n", "price 1: bands must", id="no bands"),
    pytest.param("", "price: ", id="empty"),
    pytest.param("[[price]\n", "is no TOML: ", id="no TOML"),
    pytest.param(
        entry("m", 20, "aliases = ['n']") + entry("n", 20), "n is an alias of m", id="both"
    ),
    pytest.param(
        entry("m", 20, "aliases = ['x']") + entry("n", 20, "aliases = ['x']"),
        "x is an alias of m",
        id="alias of two",
    ),
]


@pytest.mark.parametrize(("text", "place"), WRONG)
def test_a_wrong_list_is_refused_with_the_place(text: str, place: str) -> None:
    with pytest.raises(PricesError, match="^" + re.escape(place)) as caught:
        PriceList.from_toml(text)
    assert "\n" not in str(caught.value)


SHIPPED = PriceList.from_toml(entry("old", 20, "aliases = ['nick']") + entry("other", 20))


def test_a_file_adds_models() -> None:
    prices = SHIPPED.extended(entry("new", 60))
    assert [prices.cost(model, Usage(1), DAY) for model in ("old", "new")] == [20, 60]


def test_an_entry_with_a_day_is_added_to_its_model() -> None:
    prices = SHIPPED.extended(entry("old", 60, "since = 2027-01-01"))
    for name in ("old", "nick"):
        assert prices.cost(name, Usage(1), date(2026, 12, 31)) == 20
        assert prices.cost(name, Usage(1), date(2027, 1, 1)) == 60


def test_an_entry_with_the_day_of_another_replaces_it() -> None:
    prices = SHIPPED.extended(entry("old", 60, "since = 2027-01-01"))
    prices = prices.extended(entry("old", 80, "since = 2027-01-01"))
    assert prices.cost("old", Usage(1), date(2027, 1, 1)) == 80


@pytest.mark.parametrize("name", ["old", "nick"])
def test_an_entry_without_a_day_replaces_all_of_its_model(name: str) -> None:
    prices = SHIPPED.extended(entry("old", 60, "since = 2020-01-01")).extended(entry(name, 100))
    for called in ("old", "nick"):
        assert prices.cost(called, Usage(1), DAY) == 100
    assert prices.cost("other", Usage(1), DAY) == 20


def test_the_shipped_list_stays_as_it_is() -> None:
    SHIPPED.extended(entry("old", 100))
    assert SHIPPED.cost("old", Usage(1), DAY) == 20


def test_the_settings_name_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(entry("claude-next", 20) + entry("claude-haiku-4-5", 40))
    prices = prices_of(load_settings(prices_file=str(file)))
    assert prices.cost("claude-next", Usage(1), DAY) == 20
    assert prices.cost("claude-haiku-4-5-20251001", Usage(1), DAY) == 40
    assert prices.price("claude-opus-5-5", DAY) == PRICES.price("claude-opus-5-5", DAY)
    assert not prices_of(load_settings()).known("claude-next")


@pytest.mark.parametrize(("text", "place"), WRONG)
def test_a_wrong_file_is_one_line_that_names_the_setting(
    text: str, place: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(prices_file=str(file))
    said = str(caught.value)
    assert said.startswith(f"TICKET_STREAMS_PRICES_FILE: {place}")
    assert str(file) in said
    assert "\n" not in said


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    for name in ("missing.toml", "latin.toml", "."):
        with pytest.raises(SettingsError, match=r"^TICKET_STREAMS_PRICES_FILE: "):
            load_settings(prices_file=str(tmp_path / name))


def test_the_shipped_file_can_be_a_users_file() -> None:
    ours = str(files("streams.claude") / "prices.toml")
    again = price_list(ours)
    assert all(again.price(model, DAY) == PRICES.price(model, DAY) for model in MODELS)
