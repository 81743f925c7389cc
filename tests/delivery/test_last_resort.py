"""A stop that does not end by itself is ended."""

import threading

from streams.delivery.last_resort import exit_within


def test_the_process_ends_with_the_code_of_that_moment() -> None:
    ended = threading.Event()
    codes: list[int] = []

    def die(code: int) -> None:
        codes.append(code)
        ended.set()

    exit_within(0.01, lambda: 3, die)
    assert ended.wait(10)
    assert codes == [3]


def test_a_process_that_ends_by_itself_does_not_wait_for_it() -> None:
    timer = exit_within(3600, lambda: 3, lambda _: None)
    assert timer.daemon
    timer.cancel()
