from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events.sources import Place, Sources, decode, encode

TOPICS = ("tickets", "a", "b")
GROWTH = st.lists(st.dictionaries(st.sampled_from(TOPICS), st.integers(0, 4)), max_size=8)


def grown(steps: list[dict[str, int]]) -> list[tuple[Sources, Mapping[str, int]]]:
    """The numbers after each step; topics only get wider here, and stay once they are there."""
    found: list[tuple[Sources, Mapping[str, int]]] = []
    partitions, sources = {"tickets": 2}, Sources("tickets")
    for step in steps:
        partitions = {t: max(partitions.get(t, 0), step.get(t, 0)) for t in partitions | step}
        sources = sources.extended(partitions)
        found.append((sources, partitions))
    return found


def test_one_topic_needs_no_numbers() -> None:
    alone = Sources("tickets").extended({"tickets": 8})
    assert not alone.several
    assert [alone.number("tickets", p) for p in range(8)] == list(range(8))
    assert alone.beyond(Sources("tickets")) == {}
    assert alone.width(8) == 8
    assert (alone.name(3), alone.place(3)) == ("3", Place("tickets", 3))
    assert alone.number("mail", 0) is None


def test_a_second_topic_is_numbered_after_the_first() -> None:
    both = Sources("tickets").extended({"mail": 2, "tickets": 3})
    assert [both.number("tickets", p) for p in range(3)] == [0, 1, 2]
    assert [both.number("mail", p) for p in range(2)] == [3, 4]
    assert both.width() == 5
    assert both.name(4) == "mail[1]"


def test_the_first_topic_grows_around_what_others_took() -> None:
    both = Sources("tickets").extended({"mail": 2, "tickets": 3})
    wider = both.extended({"mail": 2, "tickets": 6})
    assert [wider.number("tickets", p) for p in range(6)] == [0, 1, 2, 5, 6, 7]
    assert wider.beyond(both) == {
        Place("tickets", 3): 5,
        Place("tickets", 4): 6,
        Place("tickets", 5): 7,
    }
    # Before anybody wrote that down, a reader must not take another topic's number for ours.
    assert both.number("tickets", 3) is None


def test_a_topic_that_is_gone_keeps_its_numbers() -> None:
    both = Sources("tickets").extended({"tickets": 1, "mail": 1})
    later = both.extended({"tickets": 1, "chat": 1})
    assert (later.number("mail", 0), later.number("chat", 0)) == (1, 2)


@given(GROWTH)
def test_no_number_is_changed_or_shared_however_topics_grow(steps: list[dict[str, int]]) -> None:
    seen: dict[Place, int] = {}
    for sources, partitions in grown(steps):
        now = {
            Place(topic, p): sources.number(topic, p)
            for topic, width in partitions.items()
            for p in range(width)
        }
        assert None not in now.values()
        assert len(set(now.values())) == len(now)
        assert max(n for n in now.values() if n is not None) < sources.width(partitions["tickets"])
        assert all(now[place] == number for place, number in seen.items() if place in now)
        assert all(sources.place(n) == place for place, n in now.items() if n is not None)
        seen |= {place: number for place, number in now.items() if number is not None}


@given(GROWTH)
def test_what_is_written_is_read_again(steps: list[dict[str, int]]) -> None:
    written, last = list[tuple[bytes, bytes]](), Sources("tickets")
    for sources, _ in grown(steps):
        written += [encode(*item) for item in sources.beyond(last).items()]
        last = sources
    again = decode("tickets", written)
    assert again.beyond(Sources("tickets")) == last.beyond(Sources("tickets"))


def test_the_first_word_on_a_partition_is_the_last() -> None:
    place = Place("mail", 0)
    assert decode("tickets", [encode(place, 3), encode(place, 9)]).number("mail", 0) == 3


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        (None, b"1", "without a key"),
        (b"mail 0", None, "without a key or a value"),
        (b"mail", b"1", "no source partition"),
        (b"mail 0", b"x", "invalid literal"),
    ],
)
def test_anything_else_is_refused(key: bytes | None, value: bytes | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode("tickets", [(key, value)])


def test_a_number_is_never_given_twice() -> None:
    with pytest.raises(ValueError, match="same number"):
        Sources("tickets", {Place("a", 0): 1, Place("b", 0): 1})
