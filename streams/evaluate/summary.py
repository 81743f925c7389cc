"""All figures of one run, and of a whole evaluation."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from streams.audit.latency import percentile
from streams.evaluate.calibration import Calibration, calibration, verdicts
from streams.evaluate.compare import Comparison
from streams.evaluate.curve import THRESHOLDS, Point, at_threshold, curve, recommended
from streams.evaluate.judged import Judged
from streams.evaluate.metrics import Score, accuracy, confusion, macro_f1, scores, wilson
from streams.evaluate.tiers import TierFigures, tier_figures

SHOWN = (
    "model",
    "escalation_model",
    "escalation_threshold",
    "escalation_cap",
    "batch_size",
    "max_text_chars",
    "prompt_version",
)
"""Settings that a report always names, besides those that two runs differ in."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run over at least one ticket.

    ``billed_picodollars`` is what the run itself cost. With ``full`` that is more than
    ``cost_picodollars``, which is what the tickets would have cost at the settings' threshold:
    then ``judged``, and all figures but the curve and the calibration, are as at that threshold.
    """

    name: str
    settings: Mapping[str, Any]
    full: bool
    judged: Sequence[Judged]
    accuracy: float
    interval: tuple[float, float]
    """Where the true accuracy lies with 95% confidence."""
    macro_f1: float
    scores: Sequence[Score]
    confusion: Mapping[tuple[str, str], int]
    tiers: Sequence[TierFigures]
    calibration: Mapping[str, Calibration]
    """By tier; one without a usable answer is not in it."""
    points: Sequence[Point]
    recommended: Point | None
    escalated: int
    cost_picodollars: int
    billed_picodollars: int
    p95_ms: int
    reasons: Mapping[str, int]
    """Why tickets went where no model's answer sent them, and how many."""

    @property
    def escalated_share(self) -> float:
        """Of all tickets."""
        return self.escalated / len(self.judged)

    @property
    def per_thousand(self) -> int:
        """Pico-dollars for 1,000 tickets."""
        return self.cost_picodollars * 1_000 // len(self.judged)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One run, or two over the same tickets.

    ``texts`` (by line) only where they are to be shown. ``at`` is UTC epoch milliseconds.
    """

    file: str
    at: int
    labelled: int
    unlabelled: int
    chosen: int
    interrupted: bool
    simulated: bool
    runs: Sequence[Summary]
    comparison: Comparison | None
    texts: Mapping[int, str] | None = None


def summarise(
    name: str,
    settings: Mapping[str, Any],
    answers: Sequence[Judged],
    names: Sequence[str],
    *,
    full: bool = False,
) -> Summary:
    """The figures of ``answers`` (at least one), which both tiers gave to all if ``full``."""
    threshold = float(settings["escalation_threshold"])
    judged = [at_threshold(one, threshold) for one in answers] if full else answers
    tiers = {
        "first": verdicts((one.expected, one.first) for one in answers),
        "escalation": verdicts((one.expected, one.escalation) for one in answers),
    }
    found = scores(judged, names)
    points = curve(answers, sorted({*THRESHOLDS, threshold}))
    most = float(settings["escalation_cap"]) * len(judged)
    calibrated = {tier: calibration(of) for tier, of in tiers.items()}
    return Summary(
        name=name,
        settings=settings,
        full=full,
        judged=judged,
        accuracy=accuracy(judged),
        interval=wilson(sum(one.right for one in judged), len(judged)),
        macro_f1=macro_f1(found),
        scores=found,
        confusion=confusion(judged),
        tiers=tier_figures(judged),
        calibration={tier: value for tier, value in calibrated.items() if value},
        points=points,
        recommended=recommended(points, most),
        escalated=sum(one.escalation is not None for one in judged),
        cost_picodollars=sum(one.cost_picodollars for one in judged),
        billed_picodollars=sum(one.cost_picodollars for one in answers),
        p95_ms=percentile([one.latency_ms for one in judged], 95),
        reasons=Counter(one.reason for one in judged if one.reason),
    )


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """All of it for programs; money in whole pico-dollars, shares from 0 to 1."""
    return {
        **_plain(evaluation, without=("runs", "comparison", "texts")),
        "runs": [_run(summary) for summary in evaluation.runs],
        "comparison": evaluation.comparison and asdict(evaluation.comparison),
    }


def _run(summary: Summary) -> dict[str, Any]:
    return {
        **_plain(summary, without=("judged", "confusion", "recommended")),
        "tickets": len(summary.judged),
        "escalated_share": summary.escalated_share,
        "picodollars_per_1000_tickets": summary.per_thousand,
        "interval": list(summary.interval),
        "scores": [
            {**asdict(s), "precision": s.precision, "recall": s.recall, "f1": s.f1}
            for s in summary.scores
        ],
        "confusion": [
            {"expected": expected, "category": category, "tickets": count}
            for (expected, category), count in sorted(summary.confusion.items())
        ],
        "tiers": [asdict(tier) for tier in summary.tiers],
        "calibration": {tier: asdict(found) for tier, found in summary.calibration.items()},
        "points": [asdict(point) for point in summary.points],
        "recommended": summary.recommended and asdict(summary.recommended),
    }


def _plain(what: Evaluation | Summary, without: Sequence[str]) -> dict[str, Any]:
    names = [field.name for field in fields(what) if field.name not in without]
    return {name: getattr(what, name) for name in names}
