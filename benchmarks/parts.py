"""What each pure part of a ticket's way costs, alone: microseconds of CPU a ticket at 25 a call.

    python -m benchmarks.parts

All parts are timed in turn, hundreds of times, in CPU time of this thread; of each the least
counts. The last line of standard output is one JSON object.
"""

import json
import time
from collections.abc import Callable

import click

from benchmarks.report import tell
from benchmarks.rig import tickets
from streams.books.rows import spend_of_call
from streams.classify.answer import read_message
from streams.classify.duplicates import fingerprint
from streams.classify.prompt import new_ids
from streams.classify.suspicion import suspicious
from streams.claude.prices import Usage, price_list
from streams.claude.sharing import share_out
from streams.claude.tiers import prompt_of
from streams.events.decode import decode_ticket
from streams.events.encode import encode_call, encode_done, encode_routed
from streams.events.model import (
    CallRecord,
    Classification,
    Done,
    RoutedTicket,
    Share,
    Source,
    Ticket,
)
from streams.settings import load_settings

GROUP = 25

Part = Callable[[], object]


def parts() -> dict[str, Part]:
    """By name, what the pure code does about one call of 25 tickets."""
    values = [json.dumps(fields).encode() for _, fields in tickets(GROUP, 1)]
    read = [Ticket(**json.loads(value)) for value in values]
    settings = load_settings(anthropic_api_key="none")
    prompt = prompt_of(settings, settings.model)
    texts = [prompt.part(ticket) for ticket in read]
    ids = new_ids(GROUP)
    rows = [f"{name} billing 90" for name in ids]
    content = [{"type": "text", "text": json.dumps({"r": rows})}]
    usage, cost, at = Usage(2_500, 420), 460_000_000, 1_795_000_000_000
    band = price_list().price(settings.model, at).band(2_500)
    sizes = [len(text) for text in texts]
    shares = tuple(Share(n, "billing", 100, 17, 18_400_000) for n in range(GROUP))
    call = CallRecord(
        "c" * 32, at, at, "first", settings.model, settings.model, prompt.version, 1, "ok", 200,
        "req", 2_500, 420, 0, 0, 0, cost, 0, "tickets", 3, shares,
    )  # fmt: skip
    result = Classification(
        "billing", 0.9, "first", settings.model, None, 100, 17, 18_400_000, "c" * 32,
        prompt.version, at,
    )  # fmt: skip
    routed = [RoutedTicket(t, result, Source("tickets", 3, n)) for n, t in enumerate(read)]
    done = [Done(n, released=True) for n in range(GROUP)]
    return {
        "decode": lambda: [decode_ticket(value) for value in values],
        "suspicious": lambda: [suspicious(text) for text in texts],
        "fingerprint": lambda: [fingerprint(ticket) for ticket in read],
        "request": lambda: prompt.request(ids, texts),
        "answer": lambda: read_message(content, "end_turn", prompt.names, ids),
        "share_out": lambda: share_out(usage, cost, band, sizes),
        "spend_of_call": lambda: spend_of_call(call),
        "encode_call": lambda: encode_call(call),
        "encode_routed": lambda: [encode_routed(one, "avro") for one in routed],
        "encode_done": lambda: [encode_done(one) for one in done],
    }


def _seconds(part: Part) -> float:
    began = time.thread_time()
    part()
    return time.thread_time() - began


@click.command(epilog="Example:  python -m benchmarks.parts --rounds 1000")
@click.option("--rounds", default=300, show_default=True, help="How often each part is timed.")
def main(rounds: int) -> None:
    """Time the pure parts of the hot path."""
    found = parts()
    least = dict.fromkeys(found, float("inf"))
    for _ in range(rounds):
        for name, part in found.items():
            least[name] = min(least[name], _seconds(part))
    told = {name: round(seconds / GROUP * 1e6, 2) for name, seconds in least.items()}
    for name, microseconds in told.items():
        tell(f"{name:16}{microseconds:8.2f}")
    click.echo(json.dumps({**told, "all": round(sum(told.values()), 2)}))


if __name__ == "__main__":
    main()
