"""A Faust agent as its documentation shows it: ``concurrency`` and ``topic.send``."""

import json
import os
import sys

import faust
from anthropic import AsyncAnthropic
from mode.loop import use

from benchmarks.peers.question import OUTPUT, TEXT, question

CALLS = int(os.environ["BENCH_CALLS"])
TOPIC = os.environ["BENCH_TOPIC"]

use("uvloop")
app = faust.App(
    TOPIC,
    broker=f"kafka://{os.environ['BENCH_KAFKA']}",
    value_serializer="raw",
    key_serializer="raw",
    broker_session_timeout=int(os.environ["BENCH_SESSION_MS"]) / 1000,
    broker_heartbeat_interval=2.0,
    consumer_auto_offset_reset="earliest",
    topic_allow_declare=False,
    topic_disable_leader=True,
    producer_linger=0.005,
    web_enabled=False,
)
sdk = AsyncAnthropic(api_key="stub", base_url=os.environ["BENCH_API"])
outputs = {name: app.topic(topic) for name, topic in OUTPUT.items()}


@app.agent(app.topic(TOPIC), concurrency=CALLS)
async def route(stream: faust.Stream[bytes]) -> None:
    """Tickets, one after the other in each of the agent's actors."""
    async for key, value in stream.items():
        ticket = json.loads(value)
        reply = await sdk.messages.create(**question(ticket[TEXT]))
        answer = json.loads(next(block.text for block in reply.content if block.type == "text"))
        routed = json.dumps({**ticket, **answer}).encode()
        await (await outputs[answer["category"]].send(key=key, value=routed))


if __name__ == "__main__":
    sys.argv[1:] = ["worker", "--loglevel", "warn", "--without-web"]
    app.main()
