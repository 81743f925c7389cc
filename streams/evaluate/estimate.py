"""What a run will cost, before anybody is asked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from streams.classify.prompt import Prompt
from streams.claude.bound import most_of_call
from streams.claude.pace import OUTPUT_TOKENS, TOKENS_OF_BOUND
from streams.claude.prices import PriceList, Usage
from streams.claude.tiers import models, prompt_of
from streams.evaluate.labels import Labelled
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Estimate:
    """Pico-dollars. ``most`` is what no run costs in which each call is made once and the cap on
    the escalated share is reached; ``likely`` is for ordinary prose."""

    likely: int
    most: int

    def plus(self, other: "Estimate") -> "Estimate":
        """Both together."""
        return Estimate(self.likely + other.likely, self.most + other.most)


def estimate(
    tickets: Sequence[Labelled], settings: Settings, prices: PriceList, at: int
) -> Estimate:
    """For ``tickets`` in shared calls and both tiers; ``at`` is UTC epoch milliseconds.

    Raises NoPrice.
    """
    found = models(settings)
    first = prompt_of(settings, found["first"])
    bounds = [first.part_bound(first.part(one.ticket)) for one in tickets]
    total = _tier(_grouped(bounds, settings.batch_size, settings.batch_tokens), first, prices, at)
    if "escalation" in found:
        second = prompt_of(settings, found["escalation"])
        # Nothing waits for company: what was unsure in one call goes on together. At worst alone.
        together = max(1, round(settings.batch_size * settings.escalation_cap))
        likely = _tier(_grouped(bounds, together, settings.batch_tokens), second, prices, at).likely
        most = _tier(_grouped(bounds, 1, settings.batch_tokens), second, prices, at).most
        # In millionths: money stays whole.
        cap = round(settings.escalation_cap * 1_000_000)
        total = total.plus(Estimate(likely * cap // 1_000_000, most * cap // 1_000_000))
    return total


def _tier(calls: Iterable[list[int]], prompt: Prompt, prices: PriceList, at: int) -> Estimate:
    total = Estimate(0, 0)
    for bounds in calls:
        tickets, tokens = len(bounds), sum(bounds)
        input_tokens = round(TOKENS_OF_BOUND * (prompt.fixed_bound + tokens))
        cost = prices.cost(prompt.model, Usage(input_tokens, OUTPUT_TOKENS * tickets), at)
        most = most_of_call(prompt, prices, tickets, tokens, at)
        total = total.plus(Estimate(cost, most))
    return total


def _grouped(bounds: Iterable[int], most: int, most_tokens: int) -> Iterator[list[int]]:
    """The tickets' input bounds by call, as the dispatcher forms groups."""
    group: list[int] = []
    for bound in bounds:
        if group and (len(group) == most or sum(group) + bound > most_tokens):
            yield group
            group = []
        group.append(bound)
    if group:
        yield group
