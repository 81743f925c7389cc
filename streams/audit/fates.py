"""What is known of every ticket, in columns: a million tickets take about 60 MB.

As objects they would take six times that.
"""

from array import array
from collections.abc import Iterator
from typing import NamedTuple

ROWS = 4_096
"""Tickets in a block."""
_BITS = ROWS.bit_length() - 1


class Mark:
    """What is known of a ticket, besides numbers: bits. An IntFlag would be ten times slower."""

    ARRIVED = 1
    """It is in the input topic."""
    EXCUSED = 2
    """It is so old that its records may be gone: it is not judged."""
    NO_TOKENS = 4
    """Its record does not tell its tokens."""
    ANSWERED = 8
    """A call that held it was answered."""
    SURE_FIRST = 16
    """The first tier gave a usable answer."""
    SURE_SECOND = 32
    """The escalation tier did."""
    ASKED_SECOND = 64
    """The escalation tier was asked."""
    BY_CALL = 128
    """Its record says that a call answered."""
    BY_SECOND = 256
    """Its record says that the escalation tier did."""
    FREE = 512
    """Its record says that no call was needed."""
    SKIPPED = 1024
    """It is finished without a result, by choice."""


class Block:
    """The columns of ROWS tickets that follow each other. All begin as 0."""

    __slots__ = ("done", "input", "key", "last_call", "marks", "money", "output", "record", "told")

    def __init__(self) -> None:
        self.marks = array("H", bytes(2 * ROWS))
        """Of :class:`Mark`."""
        self.key = array("q", bytes(8 * ROWS))
        """Hash of the event's key."""
        self.record = array("i", bytes(4 * ROWS))
        """How many records it has in category topics and the dead-letter topic."""
        self.done = array("i", bytes(4 * ROWS))
        """How many rows of the done topic say that it is out."""
        self.last_call = array("q", bytes(8 * ROWS))
        """Hash of the id of the last answered call that held it."""
        self.told = array("q", bytes(8 * ROWS))
        """Hash of the id of the call that its record names."""
        # Balances: the shares of its calls less what its record says.
        self.money = array("q", bytes(8 * ROWS))
        self.input = array("q", bytes(8 * ROWS))
        self.output = array("q", bytes(8 * ROWS))

    def known(self, row: int) -> bool:
        """Whether anything was read of this ticket."""
        return bool(self.marks[row] or self.record[row] or self.done[row] or self.money[row])


class Fate(NamedTuple):
    """One ticket: where its row is."""

    partition: int
    offset: int
    block: Block
    row: int

    def has(self, mark: int) -> bool:
        """Whether one of these marks is set."""
        return bool(self.block.marks[self.row] & mark)


class Fates:
    """All tickets, by partition and offset in the input topic."""

    def __init__(self) -> None:
        self._blocks: dict[tuple[int, int], Block] = {}

    def at(self, partition: int, offset: int) -> tuple[Block, int]:
        """A ticket's block, made if need be, and its row there."""
        key = (partition, offset >> _BITS)
        block = self._blocks.get(key)
        if block is None:
            block = self._blocks[key] = Block()
        return block, offset & (ROWS - 1)

    def __iter__(self) -> Iterator[Fate]:
        """The tickets of which anything is known, in order."""
        for partition, number in sorted(self._blocks):
            block = self._blocks[partition, number]
            for row in range(ROWS):
                if block.known(row):
                    yield Fate(partition, number * ROWS + row, block, row)
