"""Sets of categories: what may stand together, and how people write them."""

from collections.abc import Sequence

import pytest

from streams.classify.categories import DEFAULT, MOST, Category, closed_set, entries, names


def test_unknown_always_exists_besides_the_categories() -> None:
    assert names(DEFAULT) == ("billing", "technical", "product_feedback", "account", "unknown")
    assert names([]) == ("unknown",)


def test_names_stand_once_and_unknown_is_last() -> None:
    given = [Category("unknown"), Category("b"), Category("a"), Category("b")]
    assert names(given) == ("b", "a", "unknown")


def test_every_description_of_the_default_is_one_line() -> None:
    assert all(c.description and "\n" not in c.description for c in DEFAULT)
    assert closed_set(DEFAULT) == DEFAULT


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("a", [{"name": "a"}]),
        (" a, b ,", [{"name": "a"}, {"name": "b"}]),
        (["a", {"name": "b", "topic": "t"}], [{"name": "a"}, {"name": "b", "topic": "t"}]),
        (' [{"name": "a"}, "b"]', [{"name": "a"}, {"name": "b"}]),
        ("", []),
        (DEFAULT, list(DEFAULT)),
    ],
)
def test_categories_are_given_as_json_a_list_or_names(given: object, found: list[object]) -> None:
    assert entries(given) == found


@pytest.mark.parametrize(
    ("given", "said"),
    [('{"name": "a"}', "must be a list"), ("[a, b]", "is no JSON"), (3, "must be a list")],
)
def test_what_is_no_list_is_refused(given: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        entries(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "must be 1 to 50"),
        ([Category("unknown")], "must be 1 to 50"),
        ([Category(f"c{n}") for n in range(MOST + 1)], "must be 1 to 50"),
        ([Category("a"), Category("b"), Category("a", "again")], "a is there twice"),
        ([Category("a"), Category("unknown", examples=("hm",))], "no examples"),
    ],
)
def test_what_cannot_stand_together_is_refused(given: Sequence[Category], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        closed_set(tuple(given))


def test_fifty_and_unknown_with_a_topic_of_its_own_are_a_set() -> None:
    given = (*(Category(f"c{n}") for n in range(MOST)), Category("unknown", topic="rest"))
    assert closed_set(given) == given
