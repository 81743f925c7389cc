"""The pacers behind the tiers: what they are told, and who shares one."""

import asyncio

import pytest

from streams.classify.triage import CallTier
from streams.claude.client import Reply
from streams.claude.failures import Failure, Recovery
from streams.claude.pace import NoMoney, TierPaces, Unpaced, pace_of, until_paced
from streams.claude.pacing import Caps, Pacer
from streams.claude.prices import Usage
from streams.claude.rate_headers import Bucket, RateLimits
from streams.settings import Settings

LIMITS = RateLimits(Bucket(1_000, 900), Bucket(2_000_000, 1_900_000), Bucket(400_000, 390_000))
REPLY = Reply("m", [], "end_turn", Usage(300, 20, cache_write_5m=10, cache_read=500), None, LIMITS)
BUSY = Failure("rate_limit_error", Recovery.RETRY, "slow down", 429, wait=7.0, limits=LIMITS)


class Noting(Pacer):
    """Notes what it is told."""

    def __init__(self) -> None:
        super().__init__(Caps())
        self.told: list[tuple[object, ...]] = []

    def begin(self, now: float, input_tokens: int, output_tokens: int) -> None:
        self.told.append(("begin", input_tokens, output_tokens))

    def end(
        self,
        now: float,
        input_estimate: int,
        output_estimate: int,
        *,
        limits: RateLimits | None,
        input_tokens: int,
        output_tokens: int,
    ) -> None:
        self.told.append(("end", input_estimate, output_estimate, input_tokens, output_tokens))
        self.told.append(("limits", limits))

    def limited(
        self, now: float, retry_after: float | None, limits: RateLimits | None = None
    ) -> None:
        self.told.append(("limited", retry_after, limits))


def test_an_answer_gives_its_estimate_back_and_says_what_was_used() -> None:
    pacer = Noting()
    paces = TierPaces({"first": pacer}, lambda: 1.0)
    paces.begin("first", 5, 4_000)
    paces.end("first", 5, 4_000, REPLY)
    begin, end, limits = pacer.told
    assert begin[1:] == end[1:3]  # what was taken is given back
    assert end[3:] == (310, 20)  # what is read from the prompt cache counts toward no limit
    assert limits == ("limits", LIMITS)


@pytest.mark.parametrize("outcome", [None, Failure("network", Recovery.RETRY, "it broke")])
def test_a_call_without_an_answer_gives_all_of_it_back(outcome: Failure | None) -> None:
    pacer = Noting()
    paces = TierPaces({"first": pacer}, lambda: 1.0)
    paces.begin("first", 1, 400)
    paces.end("first", 1, 400, outcome)
    assert pacer.told[1][3:] == (0, 0)
    assert len(pacer.told) == 3


def test_a_429_is_told_with_its_wait() -> None:
    pacer = Noting()
    TierPaces({"first": pacer}, lambda: 1.0).end("first", 1, 400, BUSY)
    assert pacer.told[-1] == ("limited", 7.0, LIMITS)


def test_settings_hold_a_worker_below_the_api_s_limits() -> None:
    now = 1_000.0
    settings = Settings(requests_per_minute=60)
    paces = TierPaces(pace_of(settings, {"first": "a"})._pacers, lambda: now)
    sent = 0
    while now < 1_120.0:
        wait = paces.wait("first")
        if wait:
            now += wait
            continue
        paces.begin("first", 1, 400)
        paces.end("first", 1, 400, REPLY)
        sent += 1
    assert 100 <= sent <= 130  # two minutes


def test_tiers_of_one_model_share_its_limits_and_others_do_not() -> None:
    same = pace_of(Settings(), {"first": "a", "escalation": "a"})._pacers
    assert same["first"] is same["escalation"]
    other = pace_of(Settings(), {"first": "a", "escalation": "b"})._pacers
    assert other["first"] is not other["escalation"]


async def test_until_paced_waits_as_long_as_it_is_told() -> None:
    waits = [0.02, 0.01]

    class Slow(Unpaced):
        def wait(self, tier: object) -> float:
            return waits.pop(0) if waits else 0.0

    began = asyncio.get_running_loop().time()
    await until_paced(Slow(), "first")
    assert waits == []
    assert asyncio.get_running_loop().time() - began >= 0.03


async def test_who_is_turned_away_does_not_wait_for_the_pace() -> None:
    class Closed(Unpaced):
        def turns_away(self, tier: CallTier) -> bool:
            return tier == "first"

        def wait(self, tier: CallTier) -> float:
            return 1_000.0 if tier == "first" else 0.0

    with pytest.raises(NoMoney):
        await until_paced(Closed(), "first")
    await until_paced(Closed(), "escalation")
