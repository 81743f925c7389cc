"""Source numbers: each partition of each input topic has a lasting number. Pure.

Our own topics have a partition for each number, and the books' rows begin with it; so tickets of
several topics share one set of them. With one input topic, and as long as there was never another,
numbers are that topic's partitions and nothing is written down.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple


class Place(NamedTuple):
    """A partition of an input topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]"


NONE: Mapping[Place, int] = MappingProxyType({})


class Sources:
    """``home`` is the first input topic, whose partitions keep their own numbers where they can;
    ``numbers`` are those that are written down. Raises ValueError for one that is there twice."""

    def __init__(self, home: str, numbers: Mapping[Place, int] = NONE) -> None:
        self.home = home
        self._numbers = dict(numbers)
        self._places = {number: place for place, number in self._numbers.items()}
        if len(self._places) < len(self._numbers):
            raise ValueError("two source partitions have the same number")

    @property
    def several(self) -> bool:
        """Whether there is, or was, more than one topic: then numbers alone tell little."""
        return bool(self._numbers)

    def number(self, topic: str, partition: int) -> int | None:
        """Of that partition; None where it has none."""
        if self._numbers:
            return self._numbers.get(Place(topic, partition))
        return partition if topic == self.home else None

    def place(self, number: int) -> Place:
        """Whose number it is; a number that nobody took is the home topic's."""
        return self._places.get(number) or Place(self.home, number)

    def name(self, number: int) -> str:
        """For people: the partition, with its topic where there are several."""
        return str(self.place(number)) if self.several else str(number)

    def width(self, home_partitions: int = 0) -> int:
        """The partitions that our own topics need."""
        return max([home_partitions, *(number + 1 for number in self._places)])

    def extended(self, partitions: Mapping[str, int]) -> "Sources":
        """With numbers for all ``partitions`` of these topics. What has a number keeps it.

        Anybody gets the same from the same; but only what is written down lasts.
        """
        if not self._numbers and partitions.keys() <= {self.home}:
            return self
        numbers, taken = dict(self._numbers), set(self._places)
        free = max(taken, default=-1) + 1
        for topic in sorted(partitions, key=lambda name: (name != self.home, name)):
            for partition in range(partitions[topic]):
                place = Place(topic, partition)
                if place in numbers:
                    continue
                number = partition if topic == self.home and partition not in taken else free
                numbers[place] = number
                taken.add(number)
                free = max(free, number + 1)
        return Sources(self.home, numbers)

    def beyond(self, older: "Sources") -> dict[Place, int]:
        """What is written down here and was not there."""
        return {p: n for p, n in self._numbers.items() if p not in older._numbers}


def numbering_id(app_id: str) -> str:
    """The transactional id of whoever gives numbers."""
    return f"{app_id}-sources"


def encode(place: Place, number: int) -> tuple[bytes, bytes]:
    """Key and value of a record of the topic of numbers."""
    return f"{place.topic} {place.partition}".encode(), str(number).encode()


def decode(home: str, records: Iterable[tuple[bytes | None, bytes | None]]) -> Sources:
    """From keys and values, in their order: the first number of a partition is its number.

    Raises ValueError for anything that ``encode`` cannot have written.
    """
    numbers: dict[Place, int] = {}
    for key, value in records:
        if key is None or value is None:
            raise ValueError("a record of source numbers without a key or a value")
        topic, _, partition = key.decode().rpartition(" ")
        if not topic:
            raise ValueError(f"no source partition: {key!r}")
        numbers.setdefault(Place(topic, int(partition)), int(value))
    return Sources(home, numbers)
