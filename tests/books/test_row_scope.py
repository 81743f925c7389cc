"""Which spending a row is."""

import pytest

from streams.books.limits import Scope
from streams.books.row_scope import dimensions_of


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("3|m|billing", (3, Scope("billing"))),
        ("3|m|billing|first|ok|v1|acme", (3, Scope("billing", "acme"))),
        ("3|m|billing|first|ok|v1|", (3, Scope("billing"))),
    ],
)
def test_both_forms_of_a_key_are_read(key: str, found: tuple[int, Scope]) -> None:
    assert dimensions_of(key) == found


@pytest.mark.parametrize("key", ["", "3|m", "x|m|billing"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"not the key|invalid literal"):
        dimensions_of(key)
