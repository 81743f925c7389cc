"""The watchdog: a worker that has work and gets nowhere exits, for its supervisor to restart it."""

import time
from collections.abc import Callable

from streams.claude.gates import Gates
from streams.delivery.member import Member

LATE_SECONDS = 10.0
"""A commit takes some milliseconds, and after a broker's death as long as a new leader takes."""


class Watchdog:
    """Looks once in a while; ``limit`` in seconds, ``clock`` monotonic."""

    def __init__(
        self,
        member: Member,
        gates: Gates,
        rebalancing: Callable[[], bool],
        limit: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._member = member
        self._gates = gates
        self._rebalancing = rebalancing
        self._limit = limit
        self._clock = clock
        self._settled = self._resting = clock()

    def complaint(self) -> str | None:
        """Why the worker should exit; None while all is well.

        An API that is away is not a stall: failing calls, a blocked or paused gate are waited out.
        """
        now = self._clock()
        if not self._rebalancing():
            self._settled = now
        elif now - self._settled > self._limit:
            return f"a rebalance lasts longer than {self._limit:.0f} s"
        for partition in self._member.partitions.values():
            if partition.unsent_since(now) > self._limit:
                return f"partition {partition.name} could not commit for {self._limit:.0f} s"
        pending = self._member.pending
        if not pending or self._gates.blocked is not None or self._gates.paused:
            # Time without work, or of waiting as told, is no stall: it counts from here.
            self._resting = now
        elif now - max(self._resting, self._gates.last_end, *self._commits()) > self._limit:
            return f"{pending} tickets in hand, and none moved for {self._limit:.0f} s"
        return None

    def worry(self) -> str | None:
        """What a person may want to know before it comes to a complaint; None while all is well."""
        now = self._clock()
        waits = {p.name: p.unsent_since(now) for p in self._member.partitions.values()}
        late = {name: seconds for name, seconds in waits.items() if seconds > LATE_SECONDS}
        if not late:
            return None
        return (
            f"results of partition {', '.join(late)} have waited {max(late.values()):.0f} s for "
            "their commit: Kafka does not take it, and no more calls are paid for"
        )

    def _commits(self) -> list[float]:
        return [partition.last_commit for partition in self._member.partitions.values()]
