"""What Claude's tokens cost: the dated price list of ``prices.toml``, in whole pico-dollars."""

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Self

# The date at the end of a snapshot's name, which the API may answer with: its model sets the price.
_SNAPSHOT = re.compile(r"-\d{8}$")


class NoPrice(LookupError):  # noqa: N818  a gap in the list
    """The list has no price for a model."""

    def __init__(self, model: str) -> None:
        super().__init__(f"no price is known for model {model!r}")
        self.model = model


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call as the API counts them: ``input_tokens`` are the uncached ones only."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    inference_geo: str | None = None

    @property
    def prompt_tokens(self) -> int:
        """All input, cached or not: it decides the band."""
        return self.input_tokens + self.cache_write_5m + self.cache_write_1h + self.cache_read


@dataclass(frozen=True, slots=True)
class Band:
    """Pico-dollars a token, for prompts of at most ``up_to`` tokens (None: any length)."""

    input: int
    output: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int
    up_to: int | None = None

    def __post_init__(self) -> None:
        rates = (self.input, self.output, self.cache_write_5m, self.cache_write_1h, self.cache_read)
        # A tenth of every price must be whole: inference in the US costs a tenth more.
        if any(rate < 0 or rate % 10 for rate in rates):
            raise ValueError("a price must be a multiple of ten pico-dollars and not negative")


@dataclass(frozen=True, slots=True)
class Price:
    """A model's price from the day ``since`` on (None: from the beginning); shortest band first."""

    model: str
    bands: tuple[Band, ...]
    since: date | None = None

    def band(self, prompt_tokens: int) -> Band:
        """The band that a whole request with a prompt of this length is charged in."""
        for band in self.bands:
            if band.up_to is None or prompt_tokens <= band.up_to:
                return band
        raise ValueError(f"the price of {self.model} ends at {self.bands[-1].up_to} tokens")


def cost(usage: Usage, price: Price) -> int:
    """What a call cost, in pico-dollars, exactly."""
    band = price.band(usage.prompt_tokens)
    total = (
        usage.input_tokens * band.input
        + usage.output_tokens * band.output
        + usage.cache_write_5m * band.cache_write_5m
        + usage.cache_write_1h * band.cache_write_1h
        + usage.cache_read * band.cache_read
    )
    return total * 11 // 10 if usage.inference_geo == "us" else total


class PriceList:
    """Prices by model and day."""

    def __init__(self, prices: dict[str, list[Price]]) -> None:
        """``prices`` by model or alias, the oldest first."""
        self._prices = prices

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """A list in the form of ``prices.toml``. Raises ValueError, KeyError, TypeError."""
        prices: defaultdict[str, list[Price]] = defaultdict(list)
        for entry in tomllib.loads(text)["price"]:
            aliases: list[str] = entry.pop("aliases", [])
            price = _price(**entry)
            for name in [price.model, *aliases]:
                prices[name].append(price)
        for model, dated in prices.items():
            if dated[0].since is not None or any(price.since is None for price in dated[1:]):
                raise ValueError(f"{model}: the first entry, and no other, is without `since`")
            dated.sort(key=lambda price: price.since or date.min)
        return cls(dict(prices))

    def known(self, model: str) -> bool:
        """Whether calls of ``model`` can be priced."""
        try:
            return bool(self._dated(model))
        except NoPrice:
            return False

    def price(self, model: str, at: date | int) -> Price:
        """The price on a day (UTC), or at epoch milliseconds. Raises NoPrice."""
        day = datetime.fromtimestamp(at / 1000, UTC).date() if isinstance(at, int) else at
        for price in reversed(self._dated(model)):
            if price.since is None or price.since <= day:
                return price
        raise NoPrice(model)

    def cost(self, model: str, usage: Usage, at: date | int) -> int:
        """What a call of ``model`` cost, in pico-dollars, exactly. Raises NoPrice."""
        return cost(usage, self.price(model, at))

    def upper_bound(
        self, model: str, input_tokens_bound: int, max_tokens: int, at: date | int
    ) -> int:
        """The most that a call can have cost whose usage was never seen, in pico-dollars.

        We write nothing to the cache, so input counts as plain input; and we do not ask for
        inference in the US. Longer bands are never cheaper. Raises NoPrice.
        """
        return self.cost(model, Usage(input_tokens_bound, max_tokens), at)

    def _dated(self, model: str) -> list[Price]:
        found = self._prices.get(model) or self._prices.get(_SNAPSHOT.sub("", model))
        if found is None:
            raise NoPrice(model)
        return found


@cache
def price_list() -> PriceList:
    """The list that comes with this package."""
    return PriceList.from_toml((files("streams.claude") / "prices.toml").read_text("utf-8"))


def _price(model: str, bands: list[dict[str, Any]], since: date | None = None) -> Price:
    found = tuple(Band(**band) for band in bands)
    limits = [band.up_to for band in found]
    shorter = [limit for limit in limits[:-1] if limit is not None]
    if limits[-1] is not None or len(shorter) < len(limits) - 1 or shorter != sorted(shorter):
        raise ValueError(f"{model}: bands must grow, and the last one, only, has no `up_to`")
    return Price(model, found, since)
