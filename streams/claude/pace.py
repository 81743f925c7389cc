"""When the next call of each tier may begin, and how many tickets it should hold."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from streams.classify.triage import CallTier
from streams.claude.client import Reply
from streams.claude.failures import Failure
from streams.claude.pacing import Caps, Pacer
from streams.settings import Settings

TOKENS_OF_BOUND = 0.25
"""What a prompt takes of the most that it can take: measured on texts of support tickets. What an
estimate is wrong by is put right when the answer tells."""

OUTPUT_TOKENS = 18
"""Of one ticket's answer."""


class NoMoney(Exception):  # noqa: N818  nobody's fault
    """No call may begin for a long time, and its tickets are not to wait for one."""


class Pace(Protocol):
    """Asked before a call, and told about it."""

    def turns_away(self, tier: CallTier) -> bool:
        """Whether tickets are not even to wait for a call."""

    def wait(self, tier: CallTier) -> float:
        """Seconds until the next call may begin; 0 for now."""

    def group(self, tier: CallTier, most: int) -> int:
        """How many tickets it should hold at most, 1 to ``most``."""

    def begin(self, tier: CallTier, tickets: int, bound: int) -> None:
        """A call begins, with at most ``bound`` input tokens."""

    def end(
        self, tier: CallTier, tickets: int, bound: int, outcome: Reply | Failure | None
    ) -> None:
        """It has ended; None: nobody waited for its outcome."""


class Unpaced:
    """No pace but the slots'."""

    def turns_away(self, tier: CallTier) -> bool:
        """Never."""
        del tier
        return False

    def wait(self, tier: CallTier) -> float:
        """Now."""
        del tier
        return 0.0

    def group(self, tier: CallTier, most: int) -> int:
        """As many as may."""
        del tier
        return most

    def begin(self, tier: CallTier, tickets: int, bound: int) -> None:
        """Nothing to note."""

    def end(
        self, tier: CallTier, tickets: int, bound: int, outcome: Reply | Failure | None
    ) -> None:
        """Nothing to note."""


class TierPaces:
    """A pacer for each tier. ``clock`` gives monotonic seconds."""

    def __init__(
        self, pacers: Mapping[CallTier, Pacer], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pacers = pacers
        self._clock = clock

    def turns_away(self, tier: CallTier) -> bool:
        """Never."""
        del tier
        return False

    def wait(self, tier: CallTier) -> float:
        """Seconds until the next call may begin; 0 for now."""
        return self._pacers[tier].wait(self._clock())

    def group(self, tier: CallTier, most: int) -> int:
        """How many tickets it should hold at most, 1 to ``most``."""
        return self._pacers[tier].group(most)

    def begin(self, tier: CallTier, tickets: int, bound: int) -> None:
        """A call begins, with at most ``bound`` input tokens."""
        self._pacers[tier].begin(self._clock(), *_estimate(tickets, bound))

    def end(
        self, tier: CallTier, tickets: int, bound: int, outcome: Reply | Failure | None
    ) -> None:
        """It has ended: its estimate gives way to what it used."""
        pacer, now = self._pacers[tier], self._clock()
        limits, used = None, (0, 0)
        if isinstance(outcome, Reply):
            usage = outcome.usage
            limits = outcome.limits
            used = usage.prompt_tokens - usage.cache_read, usage.output_tokens
        estimate = _estimate(tickets, bound)
        pacer.end(now, *estimate, limits=limits, input_tokens=used[0], output_tokens=used[1])
        if isinstance(outcome, Failure) and outcome.status == 429:
            pacer.limited(now, outcome.wait, outcome.limits)


def pace_of(settings: Settings, tiers: Mapping[CallTier, str]) -> TierPaces:
    """The pace for these settings; tiers of the same model share its limits."""
    caps = Caps(
        settings.requests_per_minute,
        settings.input_tokens_per_minute,
        settings.output_tokens_per_minute,
    )
    pacers = {model: Pacer(caps) for model in tiers.values()}
    return TierPaces({tier: pacers[model] for tier, model in tiers.items()})


async def until_paced(pace: Pace, tier: CallTier) -> None:
    """Return when a call may begin. Raises NoMoney."""
    while not pace.turns_away(tier):
        if not (wait := pace.wait(tier)):
            return
        await asyncio.sleep(wait)
    raise NoMoney


def _estimate(tickets: int, bound: int) -> tuple[int, int]:
    return round(TOKENS_OF_BOUND * bound), OUTPUT_TOKENS * tickets
