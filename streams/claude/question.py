"""What a call asks about, and what it was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from streams.classify.answer import Reading
from streams.events.model import CallRecord


class Question(NamedTuple):
    """One ticket, as a call asks about it: its offset, its part of the prompt, the most input
    tokens of that part, and what the books tell it apart by."""

    offset: int
    part: str
    bound: int
    books_value: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A call that the API answered, and what it says about each ticket, in order. Whoever commits
    one commits both."""

    call: CallRecord
    readings: Sequence[Reading]
