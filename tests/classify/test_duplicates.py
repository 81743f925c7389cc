"""Identical tickets get the answer that is there, for an hour and no longer."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.classify.duplicates import (
    FINGERPRINT_BYTES,
    MOST,
    MOST_TOGETHER,
    Duplicates,
    fingerprint,
    most_of_each,
    reused,
)
from streams.events.model import UNKNOWN, Classification, Ticket

HOUR = 3_600
ANSWER = Classification(
    category="billing",
    confidence=0.93,
    tier="first",
    model="claude-haiku-5-5",
    reason=None,
    input_tokens=214,
    output_tokens=19,
    cost_picodollars=30_900_000,
    call_id="call-1",
    prompt_version="0123456789ab",
    classified_at=1_763_740_800_000,
)
TICKET = Ticket(id="1", subject="Bill", text="Charged twice")

texts = st.text(st.characters(), max_size=30)  # surrogates too
spaces = st.text(" \t\n\r\u00a0\u2003", min_size=1, max_size=4)


@pytest.mark.parametrize(
    "same",
    [
        replace(TICKET, id="2", customer_id="c9", channel="mail", created_at=5),
        replace(TICKET, text="  charged\n\tTWICE "),
        replace(TICKET, subject="\uff22\uff49\uff4c\uff4c"),  # full-width letters
    ],
)
def test_what_does_not_count_changes_nothing(same: Ticket) -> None:
    assert fingerprint(same) == fingerprint(TICKET)


@pytest.mark.parametrize(
    "other",
    [
        replace(TICKET, text="Charged once"),
        replace(TICKET, text="Chargedtwice"),
        replace(TICKET, subject="Bill Charged", text="twice"),
        replace(TICKET, subject="Charged twice", text="Bill"),
        replace(TICKET, subject=None, text="Bill Charged twice"),
        replace(TICKET, subject=None),
    ],
)
def test_another_ticket_has_another_fingerprint(other: Ticket) -> None:
    assert fingerprint(other) != fingerprint(TICKET)


def test_an_empty_subject_is_none() -> None:
    assert fingerprint(Ticket("1", "a", subject=" ")) == fingerprint(Ticket("1", "a"))


@given(texts, st.none() | texts)
def test_every_text_has_a_fingerprint(text: str, subject: str | None) -> None:
    assert len(fingerprint(Ticket("1", text, subject=subject))) == FINGERPRINT_BYTES


@given(st.lists(st.text("abc\u00e9\u0130\u00df", min_size=1), min_size=1), st.data())
def test_white_space_is_a_space(words: list[str], data: st.DataObject) -> None:
    spaced = "".join(word + data.draw(spaces) for word in words)
    assert fingerprint(Ticket("1", spaced)) == fingerprint(Ticket("1", " ".join(words)))


def test_an_answer_is_found_until_its_time_is_over() -> None:
    cache = Duplicates(HOUR)
    cache.remember(b"a", ANSWER, 100)
    assert cache.find(b"a", 100 + HOUR - 1) is ANSWER
    assert cache.find(b"b", 100) is None
    assert cache.find(b"a", 100 + HOUR) is None
    assert len(cache) == 0


def test_using_an_answer_does_not_prolong_it() -> None:
    cache = Duplicates(HOUR)
    cache.remember(b"a", ANSWER, 0)
    again = reused(ANSWER, 1)
    cache.remember(b"a", again, HOUR - 1)
    assert cache.find(b"a", HOUR) is None
    cache.remember(b"a", again, HOUR + 1)  # finished only now
    assert cache.find(b"a", HOUR + 1) is None


def test_the_first_of_two_answers_stays() -> None:
    cache = Duplicates(HOUR)
    cache.remember(b"a", ANSWER, 0)
    cache.remember(b"a", replace(ANSWER, category="account"), 10)
    assert cache.find(b"a", 20) is ANSWER


def test_unknown_is_asked_about_again() -> None:
    cache = Duplicates(HOUR)
    cache.remember(b"a", replace(ANSWER, category=UNKNOWN, reason="refusal"), 0)
    assert cache.find(b"a", 1) is None


def test_zero_seconds_switch_it_off() -> None:
    cache = Duplicates(0)
    cache.remember(b"a", ANSWER, 0)
    assert cache.find(b"a", 0) is None
    assert len(cache) == 0


def test_answers_restored_out_of_order_end_each_at_its_time() -> None:
    cache = Duplicates(HOUR)
    cache.remember(b"late", ANSWER, 1_000)
    cache.remember(b"early", ANSWER, 0)
    assert cache.find(b"early", HOUR) is None
    assert cache.find(b"late", HOUR) is ANSWER
    newer = replace(ANSWER, category="account")
    cache.remember(b"early", newer, HOUR)
    assert cache.find(b"early", HOUR) is newer


@given(st.integers(1, 10_000))
def test_all_partitions_of_a_worker_remember_no_more_together_than_they_should(
    partitions: int,
) -> None:
    assert 10 <= most_of_each(partitions) <= MOST
    assert partitions * most_of_each(partitions) <= MOST_TOGETHER


def test_a_reused_answer_costs_nothing_and_tells_its_call() -> None:
    again = reused(ANSWER, 1_763_741_000_000)
    assert again == replace(
        ANSWER,
        tier="cache",
        input_tokens=0,
        output_tokens=0,
        cost_picodollars=0,
        classified_at=1_763_741_000_000,
    )


class Model:
    """The same, slowly: a list of what was remembered, the oldest first."""

    def __init__(self, seconds: int, most: int) -> None:
        self.seconds = seconds
        self.most = most
        self.kept: list[tuple[bytes, Classification, float]] = []

    def find(self, key: bytes, now: float) -> Classification | None:
        self.kept = [entry for entry in self.kept if now - entry[2] < self.seconds]
        return next((result for k, result, _ in self.kept if k == key), None)

    def remember(self, key: bytes, result: Classification, now: float) -> None:
        usable = result.category != UNKNOWN and result.tier != "cache"
        if self.seconds and usable and self.find(key, now) is None:
            self.kept = [*self.kept, (key, result, now)][-self.most :]


results = st.builds(
    lambda n, category, tier: replace(ANSWER, call_id=f"call-{n}", category=category, tier=tier),
    st.integers(0, 99),
    st.sampled_from(["billing", "account", UNKNOWN]),
    st.sampled_from(["first", "escalation", "cache"]),
)
steps = st.tuples(st.sampled_from([b"a", b"b", b"c", b"d"]), st.none() | results, st.integers(0, 4))


@given(st.integers(0, 10), st.integers(1, 3), st.lists(steps, max_size=40))
def test_it_does_as_the_model(
    seconds: int, most: int, history: list[tuple[bytes, Classification | None, int]]
) -> None:
    cache, model, now = Duplicates(seconds, most), Model(seconds, most), 0
    for key, result, pause in history:
        now += pause
        if result is None:
            assert cache.find(key, now) == model.find(key, now)
        else:
            cache.remember(key, result, now)
            model.remember(key, result, now)
        assert len(cache) <= most
    for key in (b"a", b"b", b"c", b"d"):
        assert cache.find(key, now) == model.find(key, now)
