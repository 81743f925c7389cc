"""Events of another shape for the demo: a mapping's samples, over and over."""

from collections.abc import Iterator
from itertools import cycle, islice

from streams.events.model import Ticket
from streams.local.samples import Event
from streams.mapping.fields import ready_made
from streams.mapping.reader import EventReader
from streams.mapping.samples import samples_of


def draw_foreign(n: int, name: str) -> Iterator[Event]:
    """``n`` events of the ready-made mapping ``name``, keyed by the customer that it finds."""
    read = EventReader(ready_made(name)).read
    for event in islice(cycle(samples_of(name)), n):
        found = read(event.value, event.headers, {})
        customer = found.customer_id if isinstance(found, Ticket) else None
        key = None if customer is None else customer.encode()
        yield Event(key, event.value, event.expect, event.headers)
