"""Closes connections to Kafka at once where they are TLS.

asyncio ends TLS politely: it waits for the other side to end too, for up to 30 s. Kafka reads
nothing while it has a request in hand, as a fetch that waits for records: each close took 0.5 s,
and with uvloop every third one 30 s, in the middle of a rebalance. By then everything that matters
is answered. Delete this when aiokafka passes ``ssl_shutdown_timeout`` on.
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection

_close = AIOKafkaConnection.close


def _hang_up(connection: Any, reason: Any = None, exc: Any = None) -> Any:
    writer = connection._writer
    if writer is not None and writer.get_extra_info("sslcontext") is not None:
        writer.transport.abort()
    return _close(connection, reason, exc)


def hang_up_at_once() -> None:
    """From now on, in this process."""
    AIOKafkaConnection.close = _hang_up
