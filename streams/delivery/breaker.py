"""The dead-letter breaker: too large a share of dead letters means that something is wrong upstream
or here, and the topic must not be drained into the bin."""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Callable
from math import ceil
from operator import itemgetter

from streams.settings import variable

_number = itemgetter(0)


class Breaker:
    """Opens when more than ``share`` of the last tickets, and at least ``least``, are dead letters.

    Tickets count in the order they were begun, and one whose result is not known yet counts as
    good: an event that cannot be read is done at once, and must not outrun the good ones that wait
    for their answers. ``on_open`` is told why, once. Open is for good: an event that cannot be read
    stays so, and nothing here could find out whether the cause is mended. A restart begins anew.
    """

    def __init__(self, share: float, least: int, on_open: Callable[[str], None]) -> None:
        self._share = share
        self._least = least
        self._on_open = on_open
        # Wide enough for a burst of bad events from one producer, and for ``least`` to be reached.
        self.span = max(4 * least, ceil(least / share))
        self._begun = 0
        self._letters: list[tuple[int, str]] = []
        self.open = False

    def begin(self) -> int:
        """A ticket is begun; returns its number, from 1."""
        self._begun += 1
        return self._begun

    def admits(self, number: int, error_type: str) -> bool:
        """Whether ticket ``number`` may become a dead letter; False: hold it back."""
        if not self.open:
            insort(self._letters, (number, error_type), key=_number)
            del self._letters[: -self.span]
            self._judge(number)
        return not self.open

    def _judge(self, last: int) -> None:
        """Look at the tickets up to ``last``: those after it may not have come to a result."""
        tickets = min(last, self.span)
        first = bisect_right(self._letters, last - tickets, key=_number)
        end = bisect_right(self._letters, last, key=_number)
        letters = end - first
        if letters < self._least or letters <= self._share * tickets:
            return
        self.open = True
        [(most, _)] = Counter(kind for _, kind in self._letters[first:end]).most_common(1)
        self._on_open(
            f"dead-letter breaker: {letters} of the last {tickets} tickets are dead letters "
            f"(most: {most}); mend the cause and restart, or set {variable('dead_letter_share')}=1 "
            f"to let all of them go; a restart alone makes about {self._least} more before it stops"
        )
