"""Money: parts sum exactly to the whole."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.books.money import dollars, split

totals = st.integers(0, 10**18)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=120)


@given(totals, weights)
def test_the_parts_sum_exactly_to_the_total(total: int, parts: list[int]) -> None:
    assert sum(split(total, parts)) == total


@given(totals, weights)
def test_no_part_is_a_whole_unit_off_its_share(total: int, parts: list[int]) -> None:
    whole = sum(parts)
    for got, weight in zip(split(total, parts), parts, strict=True):
        share = Fraction(total * weight, whole) if whole else Fraction(total, len(parts))
        assert abs(got - share) < 1
        assert got >= 0


@given(totals, weights)
def test_a_heavier_part_never_gets_less(total: int, parts: list[int]) -> None:
    got = split(total, parts)
    pairs = sorted(zip(parts, got, strict=True))
    for (light, small), (heavy, large) in pairwise(pairs):
        assert light == heavy or small <= large


@given(totals, weights)
def test_a_part_without_weight_gets_nothing(total: int, parts: list[int]) -> None:
    if sum(parts):
        assert all(got == 0 for got, w in zip(split(total, parts), parts, strict=True) if w == 0)


@pytest.mark.parametrize(
    ("total", "parts", "expected"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (10, [0, 0, 0], [4, 3, 3]),
        (7, [1, 2, 4], [1, 2, 4]),
        (100, [1, 1, 1, 3], [17, 17, 16, 50]),
        (1, [1, 3], [0, 1]),
        (0, [5, 5], [0, 0]),
        (5, [0, 1], [0, 5]),
        (3, [9], [3]),
    ],
)
def test_splits_worked_out_by_hand(total: int, parts: list[int], expected: list[int]) -> None:
    assert split(total, parts) == expected


@pytest.mark.parametrize(("total", "parts"), [(1, []), (-1, [1]), (1, [2, -1])])
def test_what_cannot_be_split_is_refused(total: int, parts: list[int]) -> None:
    with pytest.raises(ValueError, match="split needs"):
        split(total, parts)


@pytest.mark.parametrize(
    ("picodollars", "places", "text"),
    [
        (0, 6, "$0.000000"),
        (1_234_000_000, 6, "$0.001234"),
        (500_000, 6, "$0.000000"),  # half to even
        (1_500_000, 6, "$0.000002"),
        (1, 12, "$0.000000000001"),
        (1_234_567 * 10**12, 2, "$1,234,567.00"),
        (10**25 + 1, 12, "$10,000,000,000,000.000000000001"),
    ],
)
def test_dollars_are_written_for_people(picodollars: int, places: int, text: str) -> None:
    assert dollars(picodollars, places) == text
