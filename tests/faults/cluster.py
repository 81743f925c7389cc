"""Three brokers of the embedded Kafka: every partition on all of them, two have to agree."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from streams.local.kafka.broker import EmbeddedKafka
from streams.local.kafka.java import new_cluster_id
from streams.local.kafka.ports import HOST, free_port
from streams.local.startable import Startable

BROKERS = 3
IN_SYNC = 2

REPLICATED = {
    "default.replication.factor": str(BROKERS),
    "min.insync.replicas": str(IN_SYNC),
    "offsets.topic.replication.factor": str(BROKERS),
    "transaction.state.log.replication.factor": str(BROKERS),
    "transaction.state.log.min.isr": str(IN_SYNC),
    "share.coordinator.state.topic.replication.factor": str(BROKERS),
    "share.coordinator.state.topic.min.isr": str(IN_SYNC),
    # A follower that is silent is left out after 4 s instead of 30.
    "replica.lag.time.max.ms": "4000",
}


class Cluster(Startable):
    """KRaft, each node broker and controller, on 127.0.0.1; from ``start`` (or ``with``) to
    ``stop``.

    Nodes are killed, frozen and started one by one through ``nodes``. It blocks, as its nodes do:
    from async code use ``asyncio.to_thread``.
    """

    def __init__(self, data: Path) -> None:
        ports = _distinct_ports(2 * BROKERS)
        ids = range(1, BROKERS + 1)
        clients, controllers = ports[:BROKERS], ports[BROKERS:]
        voters = ",".join(f"{i}@{HOST}:{port}" for i, port in zip(ids, controllers, strict=True))
        cluster_id = new_cluster_id()
        self.nodes = [
            EmbeddedKafka(
                data / f"node-{i}",
                port,
                extra={**REPLICATED, "node.id": str(i), "controller.quorum.voters": voters},
                controller_port=controller,
                cluster_id=cluster_id,
            )
            for i, port, controller in zip(ids, clients, controllers, strict=True)
        ]

    @property
    def bootstrap(self) -> str:
        """All three, separated by commas."""
        return ",".join(node.bootstrap for node in self.nodes)

    def start(self) -> None:
        """All at once: one alone is no quorum. Returns when everything is in sync."""
        with ThreadPoolExecutor(BROKERS) as pool:
            for started in [pool.submit(node.start, 120.0) for node in self.nodes]:
                started.result()
        self.until_in_sync()

    def stop(self) -> None:
        """The brokers are killed: one after the other would wait for a quorum that is gone."""
        for node in self.nodes:
            node.kill()

    def until_in_sync(self, timeout: float = 60.0) -> float:
        """Wait until each partition has all its copies in sync; the seconds that it took.

        Raises TimeoutError with what is missing.
        """
        began = time.monotonic()
        while missing := asyncio.run(self._out_of_sync()):
            if time.monotonic() - began > timeout:
                raise TimeoutError(f"not in sync after {timeout:.0f} s: {sorted(missing)[:10]}")
            time.sleep(0.2)
        return time.monotonic() - began

    async def _out_of_sync(self) -> list[str]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            await admin.start()
            brokers = (await admin.describe_cluster())["brokers"]
            if len(brokers) < BROKERS:
                return [f"{BROKERS - len(brokers)} brokers"]
            return [
                f"{topic['topic']}-{partition['partition']}"
                for topic in await admin.describe_topics()
                for partition in topic["partitions"]
                if len(partition["isr"]) < BROKERS
            ]
        except Exception as error:
            return [repr(error)]
        finally:
            await admin.close()


@contextmanager
def away(node: EmbeddedKafka, *, frozen: bool = False) -> Iterator[None]:
    """``node`` is dead, or stands still, for the length of the block."""
    if frozen:
        node.freeze()
    else:
        node.kill()
    try:
        yield
    finally:
        if frozen:
            node.thaw()
        else:
            node.start(120.0)


def _distinct_ports(n: int) -> list[int]:
    ports: set[int] = set()
    while len(ports) < n:
        ports.add(free_port())
    return list(ports)
