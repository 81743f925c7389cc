"""A cap on a share of the tickets, which holds from the first ticket on."""

HEAD_START = 20.0
"""Tickets that may go before any share can be reckoned: a first hard one is not turned away."""

MOST_SAVED = 100.0
"""What a long easy time saves up for a hard one, in tickets."""


class ShareCap:
    """At most ``share`` (0 to 1) of all tickets, and the head start: a token bucket of tickets."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._saved = HEAD_START if share else 0.0

    def count(self) -> None:
        """One more ticket, whatever becomes of it."""
        self._saved = min(MOST_SAVED, self._saved + self._share)

    def admit(self) -> bool:
        """Whether one more may go; it is counted as gone."""
        if self._share >= 1:
            return True
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
