"""Whole evaluations for the tests of the report."""

from collections.abc import Sequence
from typing import Any

from streams.evaluate.compare import compare
from streams.evaluate.judged import Judged
from streams.evaluate.summary import Evaluation, Summary, summarise
from tests.evaluate.scene import NAMES, judged, said

SETTINGS = {
    "model": "claude-haiku-5-5",
    "escalation_model": "claude-sonnet-5-5",
    "escalation_threshold": 0.65,
    "escalation_cap": 0.5,
    "batch_size": 25,
    "max_text_chars": 8_000,
    "prompt_version": "0123456789ab",
}

JUDGED = [
    judged("billing", said("billing", 0.95), line=1),
    judged("technical", said("billing", 0.9), line=2),
    judged("account", said("technical", 0.4), said("account", 0.9), line=5),
    judged("unknown", None, line=7, reason="empty_text"),
]


def summary(
    name: str = "current",
    tickets: Sequence[Judged] = JUDGED,
    *,
    full: bool = False,
    **changes: Any,
) -> Summary:
    return summarise(name, {**SETTINGS, **changes}, tickets, NAMES, full=full)


def evaluation(*runs: Summary, **changes: Any) -> Evaluation:
    given = runs or (summary(),)
    fields: dict[str, Any] = {
        "file": "labelled.jsonl",
        "at": 1_795_000_000_000,
        "labelled": 4,
        "unlabelled": 0,
        "chosen": 4,
        "interrupted": False,
        "simulated": False,
        "runs": given,
        "comparison": compare(given[0].judged, given[1].judged) if len(given) > 1 else None,
    }
    return Evaluation(**(fields | changes))
