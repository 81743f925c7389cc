"""How long Kafka's quotas hold our requests back.

A broker that throttles a client answers at once, says for how long it will not listen to the client
(``throttle_time_ms``, KIP-219), and lets its next requests wait. aiokafka 0.14 reads that field and
drops it: it has no metric, no log line and no callback for it. So the one method that every request
passes, ``AIOKafkaClient.send``, is listened to on the clients whose waiting is a ticket's waiting.
Delete this file when aiokafka tells.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from aiokafka.client import AIOKafkaClient

Kind = Literal["produce", "fetch", "transaction", "other"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Throttled = Callable[[Kind, float], object]
"""Told the kind of a request that was throttled, and for how many seconds. From any thread."""

_KINDS: Mapping[str, Kind] = {
    "ProduceRequest": "produce",
    "FetchRequest": "fetch",
    "InitProducerIdRequest": "transaction",
    "AddPartitionsToTxnRequest": "transaction",
    "AddOffsetsToTxnRequest": "transaction",
    "TxnOffsetCommitRequest": "transaction",
    "EndTxnRequest": "transaction",
}


def nobody(kind: Kind, seconds: float) -> None:
    """Where nobody counts."""
    del kind, seconds


def listen(client: AIOKafkaClient, throttled: Throttled) -> None:
    """Tell of each request of ``client`` from now on that a quota holds back."""
    if throttled is nobody:
        return
    upstream = client.send

    async def send(node_id: Any, request: Any, **given: Any) -> Any:
        answer = await upstream(node_id, request, **given)
        if (milliseconds := getattr(answer, "throttle_time_ms", 0)) > 0:
            throttled(_KINDS.get(type(request).__name__, "other"), milliseconds / 1000)
        return answer

    client.send = send
