"""How many workers, partitions and dollars a day of tickets takes: a simulation of measured costs.

    python -m benchmarks.scaling
    python -m benchmarks.scaling --cpu-1 457 --cpu-25 200 --peak 4

A day in steps of a second: tickets come in waves and bursts, workers take what waits, as the
dispatcher does (as many tickets a call as wait, up to 25), and are bound by their core, their call
slots and the API's latency. It says what is used, and how long the worst ticket waited. Readable
lines go to standard error; the last line of standard output is one JSON object.
"""

import json
import math
import random
from dataclasses import asdict, dataclass
from datetime import date

import click

from benchmarks.report import tell
from streams.claude.prices import Usage, price_list

DAY = 86_400
MODEL = "claude-haiku-5-5"
FIXED_TOKENS = 221
"""Of a call, whatever is in it; this and the next are docs/money.md's."""
TICKET_TOKENS = 92
ANSWER_TOKENS = 10
BYTES_IN = 420
"""Of an event of 300 bytes of text, as JSON, with its key."""
BYTES_OUT = 1_000
"""Of what is written for a ticket: routed, done, its part of call and intent, and rows."""
COMMIT_SECONDS = 0.1
"""Between two transactions of a busy partition."""
REQUESTS = 6
"""To Kafka in a transaction."""
UTILISATION = 0.7
"""Of a worker's core at the peak: the rest is for bursts and for a neighbour that died."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured. CPU in seconds a ticket, at 1 and at 25 a call; latency in seconds."""

    cpu_1: float
    cpu_25: float
    latency: float
    slots: int

    def cpu(self, group: float) -> float:
        """A ticket's CPU in a call of ``group``: its own part, and its part of the call."""
        call = (self.cpu_1 - self.cpu_25) * 25 / 24
        return self.cpu_1 - call + call / group


@dataclass(frozen=True, slots=True)
class Need:
    """What a day takes. Rates are those of the busiest second, tokens a minute of the busiest."""

    tickets_a_day: int
    peak_a_second: float
    workers: int
    partitions: int
    tickets_a_call: float
    """On average over the day."""
    busiest_core: float
    """Share of a worker's core in the busiest minute."""
    longest_wait_s: float
    """Of a ticket for its call."""
    calls_a_minute: int
    input_tokens_a_minute: int
    output_tokens_a_minute: int
    kafka_mb_a_second: float
    """Read and written by workers, before replication."""
    transactions_a_second: int
    kafka_requests_a_second: int
    dollars_a_day: float


def arrivals(tickets: int, peak: float, seed: int) -> list[float]:
    """Tickets in each second of a day: a wave whose top is ``peak`` times the mean, and noise."""
    rng = random.Random(seed)
    mean = tickets / DAY
    swing = min(peak - 1, 1.0)
    power = 1.0 if peak <= 2 else math.log(peak, 2)
    wave = [(1 + swing * math.sin(2 * math.pi * t / DAY)) ** power for t in range(DAY)]
    scale = mean * DAY / sum(wave)
    return [
        max(0.0, rng.gauss(level * scale, math.sqrt(max(level * scale, 1e-9)))) for level in wave
    ]


def simulate(coming: list[float], workers: int, costs: Costs) -> tuple[float, float, float, float]:
    """Tickets a call on average, busiest minute's share of a core, longest wait in seconds, and
    most calls in a minute."""
    waiting = calls = busy = minute_calls = 0.0
    core = wait = most_calls = 0.0
    slots = workers * costs.slots
    for second, new in enumerate(coming):
        waiting += new
        # Slots take what waits as they come free; a worker with free slots takes one at a time.
        free = slots / costs.latency
        group = min(25.0, max(1.0, waiting / free))
        able = min(free * group, workers / costs.cpu(group))
        done = min(waiting, able)
        waiting -= done
        calls += done / group
        minute_calls += done / group
        busy += done * costs.cpu(group)
        wait = max(wait, waiting / able)
        if second % 60 == 59:
            core, most_calls = max(core, busy / 60 / workers), max(most_calls, minute_calls)
            busy = minute_calls = 0.0
    return sum(coming) / max(calls, 1.0), core, wait, most_calls


def need(tickets: int, peak: float, costs: Costs, seed: int = 1) -> Need:
    """The fewest workers that keep to UTILISATION in the busiest minute, with the least latency
    that they allow; three partitions a worker, so that one that dies is shared out."""
    coming = arrivals(tickets, peak, seed)
    top = max(coming)
    workers = max(2, math.ceil(top * costs.cpu(25) / UTILISATION / 2))
    while True:
        group, core, wait, calls = simulate(coming, workers, costs)
        if core <= UTILISATION and wait < 1:
            break
        workers += max(1, workers // 50)
    partitions = max(8, 3 * workers)
    busy = min(partitions, top)  # a partition without tickets makes no transaction
    transactions = min(busy / COMMIT_SECONDS, top)
    at_peak = max(1.0, top * 60 / calls)
    usage = Usage(round(tickets * (TICKET_TOKENS + FIXED_TOKENS / group)), tickets * ANSWER_TOKENS)
    return Need(
        tickets_a_day=tickets,
        peak_a_second=round(top, 1),
        workers=workers,
        partitions=partitions,
        tickets_a_call=round(group, 1),
        busiest_core=round(core, 2),
        longest_wait_s=round(wait, 2),
        calls_a_minute=round(calls),
        input_tokens_a_minute=round(top * 60 * (TICKET_TOKENS + FIXED_TOKENS / at_peak)),
        output_tokens_a_minute=round(top * 60 * ANSWER_TOKENS),
        kafka_mb_a_second=round(top * (BYTES_IN + BYTES_OUT) / 1e6, 2),
        transactions_a_second=round(transactions),
        kafka_requests_a_second=round(transactions * REQUESTS),
        dollars_a_day=round(_dollars(usage), 2),
    )


def _dollars(usage: Usage) -> float:
    """In the band of short prompts, whose prices are the same for any number of calls."""
    band = price_list().price(MODEL, date.max).band(1)
    return (usage.input_tokens * band.input + usage.output_tokens * band.output) / 1e12


@click.command(epilog="Example:  python -m benchmarks.scaling --peak 4")
@click.option("--cpu-1", default=391.0, show_default=True, help="Microseconds, 1 ticket a call.")
@click.option("--cpu-25", default=212.0, show_default=True, help="Microseconds, 25 a call.")
@click.option("--latency", default=0.8, show_default=True, help="Seconds of a call.")
@click.option("--slots", default=50, show_default=True, help="Calls in flight of one worker.")
@click.option("--peak", default=2.0, show_default=True, help="Busiest hour, in mean hours.")
def main(cpu_1: float, cpu_25: float, latency: float, slots: int, peak: float) -> None:
    """Work out 100 thousand, 10 million and 1 billion tickets a day."""
    costs = Costs(cpu_1 / 1e6, cpu_25 / 1e6, latency, slots)
    needs = [need(tickets, peak, costs) for tickets in (10**5, 10**7, 10**9)]
    for one in needs:
        tell(json.dumps(asdict(one)))
    click.echo(json.dumps({"costs": asdict(costs), "needs": [asdict(one) for one in needs]}))


if __name__ == "__main__":
    main()
