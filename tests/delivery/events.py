"""Events in hand, for the tests of this room."""

from streams.delivery.size import Headers
from streams.delivery.work import Work
from streams.events.model import Classification, Source, Ticket
from streams.events.topics import Topics
from streams.settings import Settings

TOPICS = Topics.of(Settings())


def work(
    offset: int = 7,
    key: bytes | None = b"k",
    value: bytes | None = b'{"id":"t1","text":"hello"}',
    headers: Headers = (),
    *,
    partition: int = 3,
    ticket: Ticket | None = None,
) -> Work:
    """An event of the input topic."""
    return Work(Source("tickets", partition, offset), key, value, 1_000, headers, ticket)


def classification(category: str = "billing", **changes: object) -> Classification:
    """A result."""
    fields = {
        "category": category,
        "confidence": 0.9,
        "tier": "first",
        "model": "claude-haiku-5-5",
        "reason": None,
        "input_tokens": 200,
        "output_tokens": 20,
        "cost_picodollars": 30_000_000,
        "call_id": "c1",
        "prompt_version": "v1",
        "classified_at": 1_700_000_000_000,
        **changes,
    }
    return Classification(**fields)  # type: ignore[arg-type]
