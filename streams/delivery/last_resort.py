"""A stop that ends: with Kafka away, closing its clients may take minutes, or hang for ever."""

import logging
import os
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

EXIT_FAILED = 3
"""The worker met something it cannot go on from; started again, it goes on where it was."""


def exit_within(
    seconds: float, code: Callable[[], int], die: Callable[[int], object] = os._exit
) -> threading.Timer:
    """Have the process end with ``code()`` if it is still there after so many ``seconds``.

    Call when nothing is in hand any more, or nothing that can be saved.
    """

    def end() -> None:
        log.warning("the stop is cut short: Kafka's clients do not close within %g s", seconds)
        logging.shutdown()
        die(code())

    timer = threading.Timer(seconds, end)
    timer.daemon = True  # a process that ends by itself does not wait for this
    timer.start()
    return timer
