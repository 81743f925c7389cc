"""What can go wrong, and how often: options of the command and of ``POST /_standin/faults``."""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import exp, isfinite
from typing import Any, NamedTuple


def _rate(meaning: str) -> Any:
    return field(default=0.0, metadata={"help": meaning, "rate": True})


def _setting(default: float | None, meaning: str) -> Any:
    return field(default=default, metadata={"help": meaning, "rate": False})


class Fate(NamedTuple):
    """What was decided about one request when it came."""

    seconds: float
    """Until the answer is ready."""
    status: int | None
    """The error to answer with, if any."""
    faults: frozenset[str]


@dataclass(frozen=True, slots=True)
class Faults:
    """Rates are shares of all valid requests, 0 to 1; times are in seconds."""

    latency: float = _setting(0.0, "Median seconds until an answer is ready (log-normal).")
    latency_sigma: float = _setting(0.25, "Spread of the latency: sigma of its logarithm.")
    retry_after: int | None = _setting(None, "Whole seconds for the retry-after of --error.")
    hang_seconds: float = _setting(
        120.0, "How long --hang keeps silent before it answers after all."
    )
    drip_seconds: float = _setting(30.0, "How long --drip takes for a body.")
    error: Mapping[Any, float] = field(
        default_factory=dict, metadata={"help": "Answer with this HTTP status, e.g. 529=0.01."}
    )
    spend_limit: float = _rate("429 for a spend limit: error_code enforced_spend_limit_reached.")
    no_reply: float = _rate("Close before any header. Not paid.")
    hang: float = _rate("Keep silent for --hang-seconds. Not paid if the client leaves first.")
    html: float = _rate("200 with an HTML page. Not paid.")
    cut_body: float = _rate("200 whose body breaks off in the middle. Paid.")
    drip: float = _rate("200 whose body comes byte by byte, over --drip-seconds. Paid.")
    bad_json: float = _rate("An answer that is not JSON. Paid.")
    filler: float = _rate("Words and a code fence around the JSON.")
    wrong_case: float = _rate("The category in capitals.")
    low_confidence: float = _rate("A confidence below 0.4.")
    refuse: float = _rate("stop_reason refusal, without content. Paid.")
    thinking_first: float = _rate("A thinking block before the text.")
    missing: float = _rate("Of many tickets: leave one out.")
    swap: float = _rate("Of many tickets: answer in another order.")
    double: float = _rate("Of many tickets: answer one twice, differently.")
    invent: float = _rate("Of many tickets: answer one more that was never asked about.")
    renamed: float = _rate("Say that a model answered of which nobody has heard. Paid.")
    obey: float = _rate("Do what the tickets' texts say.")

    def __post_init__(self) -> None:
        """ValueError that names the first option that is wrong."""
        if not isinstance(self.error, Mapping):
            raise ValueError("error: must be statuses with their rates")  # noqa: TRY004
        errors = {_status(status): rate for status, rate in self.error.items()}
        object.__setattr__(self, "error", errors)
        for name, rate in [*errors.items(), *((name, getattr(self, name)) for name in RATES)]:
            if not _number(rate) or not 0 <= rate <= 1:
                raise ValueError(f"{name}: a rate is a number from 0 to 1")
        if sum(errors.values()) > 1 + 1e-9:
            raise ValueError("error: the rates together must not exceed 1")
        for name in ("latency", "latency_sigma", "hang_seconds", "drip_seconds", "retry_after"):
            value = getattr(self, name)
            if not (name == "retry_after" and value is None) and (not _number(value) or value < 0):
                raise ValueError(f"{name}: must be a number of 0 or more")
        if self.retry_after is not None:
            object.__setattr__(self, "retry_after", int(self.retry_after))

    def changed(self, changes: Mapping[str, Any]) -> "Faults":
        """A copy with ``changes`` by option name; ValueError for unknown names and bad values."""
        for name in changes:
            if name not in OPTIONS:
                raise ValueError(f"{name}: there is no such option")
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """All options by name."""
        return asdict(self)

    def decide(self, rng: random.Random) -> Fate:
        """Throws the dice for one request, always in the same order."""
        seconds = 0.0
        if self.latency:
            seconds = self.latency * exp(self.latency_sigma * rng.gauss(0.0, 1.0))
        status = None
        if self.error:
            point = rng.random()
            for candidate, rate in self.error.items():
                point -= rate
                if point < 0:
                    status = candidate
                    break
        hit = [name for name in RATES if (rate := getattr(self, name)) and rng.random() < rate]
        return Fate(seconds, status, frozenset(hit))


OPTIONS = {f.name: f for f in fields(Faults)}
RATES = tuple(name for name, f in OPTIONS.items() if f.metadata.get("rate"))


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _status(status: object) -> int:
    try:
        number = int(str(status))
    except ValueError:
        number = 0
    if not 400 <= number <= 599:
        raise ValueError(f"error: {status} is not an HTTP status from 400 to 599")
    return number
