"""By how much several workers overshoot a budget that all of them spend as fast as they may.

    python -m benchmarks.budget
    python -m benchmarks.budget --workers 8 --runs 100

Readable lines go to standard error; the last line of standard output is one JSON object.
"""

import json

import click

from benchmarks.budget_world import START, World
from benchmarks.report import tell

SECONDS = 3_500.0
"""Longer than it takes to use a budget up, and within one hour."""

MOST = 1_000
"""What a call costs at most; half of them cost as much."""

CALLS = (10, 100, 1_000, 10_000, 100_000)
"""Budgets, in such calls."""

HOW = """\
How: a simulation in its own time of {workers} workers, each with one partition, {slots} slots and
more tickets than it can pay for. Calls last 0.2 to 5 s, commits 0 to 3 s, and each worker's view of
what the others have committed is up to 1.5 s late. {runs} runs for each budget, the worst one told.
The promise: one call, or a worker's part of a hundredth of the budget, for each worker but one."""


@click.command()
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1))
@click.option("--slots", default=20, show_default=True, type=click.IntRange(1))
@click.option("--runs", default=5, show_default=True, type=click.IntRange(1))
@click.option("--seconds", default=SECONDS, show_default=True, type=float)
def main(workers: int, slots: int, runs: int, seconds: float) -> None:
    """Simulate, and print the worst overshoot for budgets of several sizes."""
    tell(HOW.format(workers=workers, slots=slots, runs=runs))
    results = []
    for calls in CALLS:
        spent, promised = [], 0
        for seed in range(runs):
            world = World(workers, calls * MOST, MOST, seed, slots)
            world.run(seconds)
            spent.append(world.spent.get(START, 0))
            promised = world.bound - world.limit
        limit = calls * MOST
        result = {
            "budget_in_calls": calls,
            "worst_overshoot_in_calls": max(0, max(spent) - limit) / MOST,
            "promised_in_calls": promised / MOST,
            "least_used_percent": round(100 * min(spent) / limit, 1),
        }
        results.append(result)
        tell(json.dumps(result))
    click.echo(json.dumps({"workers": workers, "runs": runs, "budgets": results}))


if __name__ == "__main__":
    main()
