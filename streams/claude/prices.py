"""What Claude's tokens cost: the dated price list of ``prices.toml``, in whole pico-dollars.

A file of the user's, in the same form, adds to the list that comes with this package.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

if TYPE_CHECKING:  # settings are checked with this module: their prices must be readable
    from streams.settings import Settings

# The date at the end of a snapshot's name, which the API may answer with: its model sets the price.
_SNAPSHOT = re.compile(r"-\d{8}$")

# Half of every price, and that and a tenth, must be whole: batches are billed at half the price,
# inference in the US at a tenth more.
Rate = Annotated[int, Field(strict=True, ge=0, multiple_of=20)]
Model = Annotated[str, Field(min_length=1)]


class PricesError(ValueError):
    """A price list is wrong. The message is one line with the place: an entry, or a model."""


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
    batch: bool = False
    """Asked in a message batch."""

    @property
    def prompt_tokens(self) -> int:
        """All input, cached or not: it decides the band."""
        return self.input_tokens + self.cache_write_5m + self.cache_write_1h + self.cache_read


@dataclass(frozen=True, slots=True)
class Band:
    """Pico-dollars a token, for prompts of at most ``up_to`` tokens (None: any length)."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    input: Rate
    output: Rate
    cache_write_5m: Rate
    cache_write_1h: Rate
    cache_read: Rate
    up_to: Annotated[int, Field(strict=True, ge=1)] | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A model's price from the day ``since`` on (None: from the beginning); shortest band first.

    Raises ValueError for bands that leave a prompt without a price.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    model: Model
    bands: tuple[Band, ...]
    since: date | None = None
    aliases: tuple[Model, ...] = ()
    """Other names of the model."""

    def __post_init__(self) -> None:
        *shorter, last = [band.up_to for band in self.bands] or [0]
        limits = [limit for limit in shorter if limit is not None]
        if last is not None or limits != shorter or limits != sorted(set(limits)):
            raise ValueError("bands must grow, and the last one, only, has no `up_to`")

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
    if usage.inference_geo == "us":
        total = total * 11 // 10
    return total // 2 if usage.batch else total


class PriceList:
    """Prices by model and day."""

    def __init__(self, prices: Iterable[Price], aliases: Mapping[str, str] | None = None) -> None:
        """``aliases`` are further ones, besides those of the prices. Raises PricesError."""
        self._models: dict[str, list[Price]] = {}
        self._aliases = dict(aliases or {})
        for price in prices:
            self._models.setdefault(price.model, []).append(price)
            for alias in price.aliases:
                if self._aliases.setdefault(alias, price.model) != price.model:
                    raise PricesError(f"{alias} is an alias of {self._aliases[alias]} already")
        for model, dated in self._models.items():
            if model in self._aliases:
                raise PricesError(f"{model} is an alias of {self._aliases[model]}, and a model")
            dated.sort(key=lambda price: price.since or date.min)
            days = [price.since for price in dated]
            if days[0] is not None or len(set(days)) < len(days):
                raise PricesError(
                    f"{model}: one entry, and no more, is without `since`, "
                    "and each other one has a day of its own"
                )

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """A list in the form of ``prices.toml``. Raises PricesError."""
        return cls(_entries(text))

    def extended(self, text: str) -> Self:
        """This list with the entries of another TOML text. Raises PricesError.

        An entry without ``since`` begins its model anew: nothing of the older list holds for it.
        One with ``since`` is added, and replaces one of the same day. A model may go by an alias.
        """
        more = [
            replace(price, model=self._aliases.get(price.model, price.model))
            for price in _entries(text)
        ]
        anew = {price.model for price in more if price.since is None}
        days = {(price.model, price.since) for price in more}
        kept = [
            price
            for dated in self._models.values()
            for price in dated
            if price.model not in anew and (price.model, price.since) not in days
        ]
        return type(self)([*kept, *more], self._aliases)

    def known(self, model: str) -> bool:
        """Whether calls of ``model`` can be priced."""
        try:
            return bool(self._dated(model))
        except NoPrice:
            return False

    def model(self, name: str) -> str:
        """One name for all names of a model: its alias, and a snapshot of it."""
        plain = _SNAPSHOT.sub("", name)
        named = (self._aliases.get(one, one) for one in (name, plain))
        return next((one for one in named if one in self._models), plain)

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
        for name in (model, _SNAPSHOT.sub("", model)):
            found = self._models.get(self._aliases.get(name, name))
            if found is not None:
                return found
        raise NoPrice(model)


@cache
def price_list(file: str | None = None) -> PriceList:
    """The list that comes with this package, extended by ``file``, which is read once.

    Raises PricesError.
    """
    shipped = PriceList.from_toml((files("streams.claude") / "prices.toml").read_text("utf-8"))
    if file is None:
        return shipped
    try:
        return shipped.extended(Path(file).read_text("utf-8"))
    except OSError as error:
        raise PricesError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise PricesError(f"is not UTF-8: {error}") from None


def prices_of(settings: "Settings") -> PriceList:
    """The list that these settings ask for."""
    return price_list(settings.prices_file)


@dataclass(frozen=True, slots=True)
class _File:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    price: Annotated[tuple[Price, ...], Field(min_length=1)]


_FILE = TypeAdapter(_File)


def _entries(text: str) -> tuple[Price, ...]:
    try:
        return _FILE.validate_python(tomllib.loads(text)).price
    except tomllib.TOMLDecodeError as error:
        raise PricesError(f"is no TOML: {error}") from None
    except ValidationError as error:
        found = error.errors()[0]
        place = [str(at + 1) if isinstance(at, int) else at for at in found["loc"]]
        message = found["msg"].removeprefix("Value error, ")
        if found["type"] == "unexpected_keyword_argument":
            message = "there is no such field"
        raise PricesError(f"{' '.join(place)}: {message}") from None
