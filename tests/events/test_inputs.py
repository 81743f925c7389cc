import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events.inputs import entries, found, matches, prefix


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail, chat", ("mail", "chat")),
        ("mail,mail", ("mail",)),
        (r"^support\.", (r"^support\.",)),
        ('["mail", "^a{1,2}$"]', ("mail", "^a{1,2}$")),
        (["mail"], ("mail",)),
        ("", ()),
    ],
)
def test_names_and_patterns_are_read_as_people_write_them(
    text: object, expected: tuple[str, ...]
) -> None:
    assert entries(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a/b", "no name"),
        ("x" * 201, "no name"),
        ("^(", "no regular expression"),
        ('["a"', "no JSON"),
        (7, "must be a list"),
        ([7], "no topic"),
    ],
)
def test_what_is_no_topic_is_refused(text: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        entries(text)


def test_a_pattern_finds_topics_as_librdkafka_does() -> None:
    there = ["desk", "desk.eu", "help-desk", "__desk", "mail"]
    assert found([r"^desk"], there) == ["desk", "desk.eu"]
    assert found([r"^desk$", "chat"], there) == ["chat", "desk"]
    assert found(["^.*desk"], there) == ["desk", "desk.eu", "help-desk"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^support\..*", "support."),
        ("^desks?$", "desk"),
        (r"^a\.*b", "a"),
        ("^eu-(mail|chat)", ""),
        ("^.*-tickets$", ""),
        ("^a|b", ""),
        ("^mail", "mail"),
    ],
)
def test_a_patterns_plain_beginning_is_seen(pattern: str, expected: str) -> None:
    assert prefix(pattern) == expected


@given(
    st.from_regex(r"\^[ab.\\?*+(){}|]{0,8}", fullmatch=True),
    st.text("ab.", max_size=6),
)
def test_every_topic_that_matches_begins_so(pattern: str, topic: str) -> None:
    try:
        re.compile(pattern)
    except re.error:
        return
    if matches(pattern, topic):
        assert topic.startswith(prefix(pattern))
