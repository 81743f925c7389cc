from tests.delivery.events import work


def test_the_size_of_an_event_is_all_that_is_copied() -> None:
    assert work(key=None, value=None).size == 0
    assert work(key=b"abc", value=b"de", headers=[("fg", b"hij"), ("k", None)]).size == 11
