"""How large an event is."""

from collections.abc import Sequence

Headers = Sequence[tuple[str, bytes | None]]
"""Of a Kafka record: names may repeat, and the order counts."""


def size_of(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """Bytes of key, value and headers: all that is copied with an event."""
    in_headers = sum(len(name) + len(content or b"") for name, content in headers)
    return len(key or b"") + len(value or b"") + in_headers
