"""Models and what their tokens cost, in pico-dollars (1e-12 USD) a token.

Written down here a second time, from Anthropic's price list of November 2026, and not shared with
the worker: two price tables can disagree, and then the books do not balance. $1 for a million
tokens is 1,000,000 pico-dollars a token.
"""

from dataclasses import dataclass
from typing import NamedTuple

from streams.local.standin.errors import ApiError


class Usage(NamedTuple):
    """Tokens of one answer, as the API tells them. ``input`` leaves out what the cache took."""

    input: int
    output: int
    write_5m: int = 0
    write_1h: int = 0
    read: int = 0
    thinking: int = 0
    """A part of ``output``."""

    @property
    def prompt(self) -> int:
        """All input tokens: the length of the prompt."""
        return self.input + self.write_5m + self.write_1h + self.read


class Rates(NamedTuple):
    """Pico-dollars a token."""

    input: int
    output: int
    write_5m: int
    write_1h: int
    read: int


@dataclass(frozen=True, slots=True)
class Model:
    """A model, its prices, and the few habits by which it differs from the others."""

    id: str
    family: str
    """Models of one family share their rate limits."""
    rates: Rates
    least_cacheable: int = 1024
    """Tokens below which a prefix is silently not cached."""
    bytes_per_100_tokens: int = 350
    thinks: bool = True
    """Whether it thinks when the request does not say."""
    long_prompt: int | None = None
    """A prompt of more tokens pays ``long_rates`` for the whole request."""
    long_rates: Rates | None = None

    def cost(self, usage: Usage, geo: str = "global") -> int:
        """Pico-dollars for one answer. ``inference_geo: "us"`` costs a tenth more."""
        rates = self.rates
        if self.long_prompt is not None and self.long_rates and usage.prompt > self.long_prompt:
            rates = self.long_rates
        total = sum(tokens * rate for tokens, rate in zip(usage, rates, strict=False))
        return total * 11 // 10 if geo == "us" else total


_MODELS = (
    Model(
        "claude-haiku-5-5",
        "haiku-5",
        Rates(100_000, 500_000, 125_000, 200_000, 10_000),
        least_cacheable=512,
        long_prompt=100_000,
        long_rates=Rates(500_000, 2_500_000, 625_000, 1_000_000, 50_000),
    ),
    Model(
        "claude-haiku-4-5-20251001",
        "haiku-4",
        Rates(1_000_000, 5_000_000, 1_250_000, 2_000_000, 100_000),
        least_cacheable=4096,
        bytes_per_100_tokens=455,  # the same text counts about 30% more on 5.5
        thinks=False,
    ),
    Model(
        "claude-sonnet-5-5",
        "sonnet-5",
        Rates(2_000_000, 10_000_000, 2_500_000, 4_000_000, 100_000),
    ),
    Model(
        "claude-opus-5-5",
        "opus-5",
        Rates(4_000_000, 20_000_000, 5_000_000, 8_000_000, 200_000),
    ),
)
_BY_NAME = {model.id: model for model in _MODELS}
_BY_NAME["claude-haiku-4-5"] = _BY_NAME["claude-haiku-4-5-20251001"]


def model_named(name: str) -> Model:
    """The model of an id or alias; ApiError 404 for one that is retired or never was."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise ApiError(404, f"model: {name}") from None
