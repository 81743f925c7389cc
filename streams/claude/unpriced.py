"""Models that answered and have no price: an alarm, and no reason to stop.

Tickets go on with the answer. The call is booked with its tokens, with cost 0 and the most that it
can have cost as unsettled, until there is a price.
"""

import logging
import re

log = logging.getLogger(__name__)

MOST_CHARS = 64
_ODD = re.compile(r"[^A-Za-z0-9._:@/-]")


class Unpriced:
    """Those that this worker has met since its start."""

    def __init__(self) -> None:
        self._models: list[str] = []

    def note(self, model: str) -> str:
        """``model`` answered; returns its name as the books have it. The API, or what stands before
        it, may send any text as a name."""
        name = _ODD.sub("?", model[:MOST_CHARS])
        if name not in self._models and len(self._models) < MOST_CHARS:
            self._models.append(name)
            log.error("%s", self.words)
        return name

    @property
    def words(self) -> str | None:
        """In one line, what is missing; None if nothing is."""
        if not self._models:
            return None
        return (
            f"calls answered by {', '.join(self._models)} have no price: give it one "
            "(TICKET_STREAMS_PRICES_FILE), then stop the workers for "
            "`ticket-streams reconcile --reprice`"
        )
