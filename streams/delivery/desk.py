"""What a ticket's way to its result needs of a partition: SourcePartition has it, and so has
anything that collects results elsewhere."""

from typing import Protocol

from streams.books.dimensions import FieldValues
from streams.classify.duplicates import Duplicates
from streams.delivery.dispatcher import Queue
from streams.delivery.versions import Versions
from streams.delivery.work import Result, Work
from streams.events.model import CallRecord


class Desk(Queue, Protocol):
    """What is told about a call and its tickets without an await between belongs together."""

    duplicates: Duplicates
    values: FieldValues
    versions: Versions

    async def begin_call(self, call: CallRecord) -> None:
        """Return when ``call`` may be made. It is as it is booked if nobody hears of it again."""

    def add_call(self, call: CallRecord) -> None:
        """A call, answered or not."""

    def ask_again(self, work: Work) -> None:
        """The ticket waits again; ``so_far`` says what its calls have cost."""

    def finish(self, work: Work, result: Result) -> None:
        """The ticket's result."""
