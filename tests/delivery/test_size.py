from streams.delivery.size import size_of


def test_all_that_is_copied_counts() -> None:
    assert size_of(None, None, ()) == 0
    assert size_of(b"abc", b"de", [("fg", b"hij"), ("k", None)]) == 11
