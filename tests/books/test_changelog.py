import pytest

from streams.books.changelog import (
    decode_count,
    decode_key,
    decode_spend,
    encode_count,
    encode_key,
    encode_spend,
)
from streams.books.rows import SpendRow

ROW = SpendRow(1, 2, 3, 4, 5, 6, 7, 8)


def test_a_key_is_fausts_windowed_key_as_compact_json() -> None:
    data = encode_key("3|claude-haiku-5-5|billing", 1763715600, 1763715659.9)
    assert data == b'["3|claude-haiku-5-5|billing",[1763715600.0,1763715659.9]]'
    assert decode_key(data) == ("3|claude-haiku-5-5|billing", 1763715600.0, 1763715659.9)


def test_rows_survive_the_changelog() -> None:
    assert encode_spend(ROW) == b"[1,2,3,4,5,6,7,8]"
    assert decode_spend(encode_spend(ROW)) == ROW
    assert encode_count(7) == b"7"
    assert decode_count(encode_count(7)) == 7


@pytest.mark.parametrize("data", [b"", b"\xff", b"null", b'["a"]', b'["a",[1]]', b"[1,[1,2]]"])
def test_what_is_no_key_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_key(data)


@pytest.mark.parametrize("data", [b"[1,2,3]", b"[1,2,3,4,5,6,7,8.0]", b"8", b"[]", b"x"])
def test_what_is_no_spend_row_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_spend(data)


@pytest.mark.parametrize("data", [b"1.0", b"true", b"[1]", b"null"])
def test_what_is_no_count_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_count(data)
