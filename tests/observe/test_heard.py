"""What the API says of its limits is heard, and the pace is what it was."""

from streams.classify.triage import CallTier
from streams.claude.client import Reply
from streams.claude.failures import Failure, Recovery
from streams.claude.pace import Unpaced
from streams.claude.prices import Usage
from streams.claude.rate_headers import Bucket, RateLimits
from streams.observe.heard import HeardPace

LIMITS = RateLimits(Bucket(50, 49), None, Bucket(8_000, 7_000))


class Told(Unpaced):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.ended: list[Reply | Failure | None] = []

    def wait(self, tier: CallTier) -> float:
        return 1.5

    def end(
        self, tier: CallTier, tickets: int, bound: int, outcome: Reply | Failure | None
    ) -> None:
        self.ended.append(outcome)


def reply(limits: RateLimits | None) -> Reply:
    return Reply("m", [], "end_turn", Usage(1, 1), None, limits)


def test_limits_are_kept_by_model_until_newer_ones_come() -> None:
    heard = HeardPace(Unpaced(), {"first": "small", "escalation": "large"})
    heard.end("first", 1, 1, reply(LIMITS))
    assert heard.limits == {"small": LIMITS}
    heard.end("first", 1, 1, reply(None))
    assert heard.limits == {"small": LIMITS}
    refused = RateLimits(Bucket(50, 0), None, None)
    heard.end("escalation", 1, 1, Failure("e", Recovery.RETRY, "", 429, limits=refused))
    assert heard.limits["large"] == refused


def test_the_pace_decides_and_is_told() -> None:
    pace = Told()
    heard = HeardPace(pace, {"first": "small"})
    assert heard.wait("first") == 1.5
    assert heard.group("first", 25) == 25
    heard.begin("first", 1, 1)
    outcomes: list[Reply | Failure | None] = [reply(LIMITS), Failure("e", Recovery.RETRY, ""), None]
    for outcome in outcomes:
        heard.end("first", 1, 1, outcome)
    assert pace.ended == outcomes
