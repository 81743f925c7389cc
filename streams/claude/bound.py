"""The most that a call can have cost whose usage was never seen."""

from streams.classify.prompt import Prompt
from streams.claude.prices import PriceList


def most_of_call(prompt: Prompt, prices: PriceList, tickets: int, tokens: int, at: int) -> int:
    """In pico-dollars: a call about so many ``tickets``, whose parts of the prompt have at most so
    many input ``tokens``, made at epoch milliseconds ``at``. Raises NoPrice.
    """
    output = prompt.max_tokens(tickets)
    return prices.upper_bound(prompt.model, prompt.fixed_bound + tokens, output, at)
