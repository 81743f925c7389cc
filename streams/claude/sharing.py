"""One call's tokens and cost, shared out over its tickets. The parts sum exactly to the call."""

from collections.abc import Sequence

from streams.books.money import split
from streams.claude.prices import Band, Usage


def share_out(
    usage: Usage, cost: int, band: Band, sizes: Sequence[int]
) -> list[tuple[int, int, int]]:
    """For each ticket its input tokens (cached ones included), output tokens, and pico-dollars.

    ``sizes`` are what each ticket adds to the prompt, in any unit. What all share, the fixed part
    of the prompt, is shared out with it; every ticket's answer is about as long as another's. The
    cost follows the tokens, at the prices of ``band``.
    """
    if len(sizes) == 1:
        return [(usage.prompt_tokens, usage.output_tokens, cost)]
    inputs = split(usage.prompt_tokens, sizes)
    outputs = split(usage.output_tokens, [1] * len(sizes))
    worth = [
        read * band.input + written * band.output
        for read, written in zip(inputs, outputs, strict=True)
    ]
    return list(zip(inputs, outputs, split(cost, worth), strict=True))
