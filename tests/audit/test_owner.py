"""Whose a record is, where installations share a topic."""

import pytest

from streams.audit.owner import belongs, is_ours, owner_of, run_of
from streams.events.headers import APP, RUN
from tests.dead_letters.records import Headers, record


@pytest.mark.parametrize(
    ("headers", "owner", "run"),
    [
        ([], "", ""),
        ([(APP, b"us")], "us", ""),
        ([(APP, b"them"), (APP, b"us")], "us", ""),
        ([(APP, b"us"), (RUN, b"trial")], "us", "trial"),
        ([(APP, None), (RUN, None)], "", ""),
        ([(APP, b"\xff")], "\N{REPLACEMENT CHARACTER}", ""),
    ],
)
def test_headers_say_who_sent_it(headers: Headers, owner: str, run: str) -> None:
    assert (owner_of(record(headers)), run_of(record(headers))) == (owner, run)


@pytest.mark.parametrize(
    ("owner", "run", "ours"),
    [
        ("us", "", True),
        ("them", "", False),
        ("", "", True),  # of before there was the header
        ("", "trial", True),
        ("us-replay-trial", "trial", True),
        ("them-replay-trial", "trial", False),
        ("us-replay-trial", "", False),  # an installation of that name
        ("us-replay-trial", "other", False),
    ],
)
def test_ours_are_those_of_our_workers_of_our_replays_and_of_nobody(
    owner: str, run: str, ours: bool
) -> None:
    assert belongs(owner, run, "us") is ours
    headers: Headers = [(APP, owner.encode()), (RUN, run.encode())]
    assert is_ours(record(headers), "us") is ours
