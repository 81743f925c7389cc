"""FastStream as its documentation shows it, with as many workers as calls.

With ``max_workers`` FastStream commits an offset when its event is taken, not when it is done:
what is in hand when the process dies is lost.
"""

import json
import os

import uvloop
from anthropic import AsyncAnthropic
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from benchmarks.peers.question import OUTPUT, TEXT, question

CALLS = int(os.environ["BENCH_CALLS"])
TOPIC = os.environ["BENCH_TOPIC"]

sdk = AsyncAnthropic(api_key="stub", base_url=os.environ["BENCH_API"])
broker = KafkaBroker(os.environ["BENCH_KAFKA"], linger_ms=5, logger=None)
app = FastStream(broker)


@broker.subscriber(
    TOPIC,
    group_id=TOPIC,
    auto_offset_reset="earliest",
    ack_policy=AckPolicy.ACK_FIRST,  # the default; any other works on partitions side by side
    max_workers=CALLS,
    session_timeout_ms=int(os.environ["BENCH_SESSION_MS"]),
)
async def route(message: KafkaMessage) -> None:
    """One ticket."""
    ticket = json.loads(message.body)
    reply = await sdk.messages.create(**question(ticket[TEXT]))
    answer = json.loads(next(block.text for block in reply.content if block.type == "text"))
    value = json.dumps({**ticket, **answer}).encode()
    await broker.publish(value, topic=OUTPUT[answer["category"]], key=message.raw_message.key)


if __name__ == "__main__":
    uvloop.run(app.run())
