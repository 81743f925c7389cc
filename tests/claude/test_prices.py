"""Prices: by hand, and against a second list that is not ours."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.claude.prices import NoPrice, PriceList, Usage, cost, price_list

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
    local = Usage(
        usage.input_tokens, usage.output_tokens, usage.cache_write_5m, usage.cache_write_1h,
        usage.cache_read, "us",
    )  # fmt: skip
    assert cost(local, price) * 10 == cost(usage, price) * 11


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
        entry("m", 10, 'aliases = ["n"]') + entry("m", 20, "since = 2027-01-01\naliases = ['n']")
    )
    midnight = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp() * 1000)
    for name in ("m", "n"):
        assert prices.cost(name, Usage(1), 0) == 10
        assert prices.cost(name, Usage(1), midnight - 1) == 10
        assert prices.cost(name, Usage(1), midnight) == 20
        assert prices.cost(name, Usage(1), date(2026, 12, 31)) == 10
        assert prices.cost(name, Usage(1), date(2027, 1, 1)) == 20


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(entry("m", 10, "since = 2027-01-01"), id="first has a date"),
        pytest.param(entry("m", 10) + entry("m", 20), id="second has none"),
        pytest.param(entry("m", 15), id="no whole tenth"),
        pytest.param(entry("m", -10), id="negative"),
        pytest.param(entry("m", 10, band="up_to = 5,"), id="ends somewhere"),
        pytest.param(entry("m", 10, "bandz = 1"), id="misspelt"),
    ],
)
def test_a_wrong_list_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        PriceList.from_toml(text)
