"""How a ticket becomes a dead letter, unless the breaker is open."""

import logging
import traceback

from streams.books.rows import Stage
from streams.delivery.breaker import Breaker
from streams.delivery.desk import Desk
from streams.delivery.work import DeadLetter, Work
from streams.events.times import now_ms
from streams.observe.logs import fields_of

log = logging.getLogger(__name__)


class GivingUp:
    """Shared by all partitions of a worker, as the breaker is."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker

    @property
    def stopped(self) -> bool:
        """Whether the breaker is open: then what would become a dead letter, and all that was not
        begun, stays in hand and uncommitted. Whoever owns the partition next reads it again."""
        return self._breaker.open

    def begin(self, work: Work) -> None:
        """One more ticket is begun."""
        work.begun = self._breaker.begin()

    def give_up(self, desk: Desk, work: Work, error_type: str, message: str, stage: Stage) -> None:
        """``work`` becomes a dead letter. ``message`` must hold no text of the ticket."""
        if self._breaker.admits(work.begun, error_type):
            spent = work.so_far or work.paid
            cost = spent.cost_picodollars if spent else 0
            letter = DeadLetter(error_type, message, stage, work.attempts, cost, now_ms())
            desk.finish(work, letter)

    def fault_of_ours(self, desk: Desk, work: Work, error: Exception) -> None:
        """A bug that this ticket brought to light: it must not stop all the others, again and
        again. The error's message is not told, for it might hold text of the ticket."""
        kind = type(error).__name__
        where = "".join(traceback.format_tb(error.__traceback__))
        at = fields_of(work.source)
        log.error("%s: %s in our own code\n%s", work.source, kind, where, extra=at)
        self.give_up(desk, work, "internal_error", f"{kind} in our own code", "classify")
