"""What a benchmark says: how it goes to standard error, what it found to standard output."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

import click

from benchmarks.rig import environment


def tell(line: str) -> None:
    """A line for people."""
    click.echo(line, err=True)


def conclude(found: Mapping[str, object]) -> None:
    """One JSON object, and the ``versions`` that it was measured on."""
    click.echo(json.dumps({**found, "versions": environment()}))


def medians(runs: Sequence[Any]) -> dict[str, Any]:
    """Field by field of runs of one dataclass; None where a run has none, and of what is lost or
    doubled the most."""
    fields = [asdict(run) for run in runs]
    return {name: _middle(name, [run[name] for run in fields]) for name in fields[0]}


def _middle(name: str, values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    if len(there) < len(values):
        return None
    return max(there) if name in ("lost", "doubled") else round(median(there), 2)
