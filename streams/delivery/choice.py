"""Which events are read at all: tombstones, and those that a replay does not ask for, by choice."""

from collections.abc import Container
from dataclasses import dataclass

from streams.delivery.work import Work
from streams.events.model import SkipReason


@dataclass(frozen=True, slots=True)
class Choice:
    """By default every event is read, and a tombstone becomes a dead letter."""

    skip_tombstones: bool = False
    only: Container[tuple[str, int, int]] | None = None
    """Topic, partition and offset of the events that are wanted; None for all."""

    def refuses(self, work: Work) -> SkipReason | None:
        """Why ``work`` need not be read; None if it must be. What was paid for must be."""
        if work.paid is not None or work.so_far is not None:
            return None
        if self.only is not None and work.source[:3] not in self.only:
            return "not_selected"
        return "tombstone" if self.skip_tombstones and work.value is None else None


EVERY_EVENT = Choice()
