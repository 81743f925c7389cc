"""One picture of the cluster for all producers of a worker.

aiokafka 0.14 keeps one for each client, and asks for it anew with every topic that the client first
writes to. With 128 partitions these are 128 producers, and each asks a dozen times about 128
partitions of a dozen topics: 1.6 s of CPU until each partition has written once, and more whenever
a broker goes away. Delete this when aiokafka's clients can share it.
"""

from typing import Any

from aiokafka.client import AIOKafkaClient


def share_metadata(client: AIOKafkaClient, leader: AIOKafkaClient) -> None:
    """From now on ``client``, not started yet, knows what ``leader`` knows, and asks through it.

    Its connections stay its own: on one that was shared a partition would wait for the others.
    ``leader`` is started, and lives longer.
    """
    follower: Any = client
    follower.cluster.__dict__ = vars(leader.cluster)  # one state, whoever holds which object
    follower.bootstrap = _done
    follower.add_topic = leader.add_topic
    follower.force_metadata_update = leader.force_metadata_update
    follower._maybe_wait_metadata = leader._maybe_wait_metadata


async def _done() -> None:
    """There is nothing to ask: the leader has."""


PRIVATE_NAMES = [(AIOKafkaClient, "_maybe_wait_metadata"), (AIOKafkaClient, "_wait_on_metadata")]
"""What is replaced, or relied on, here: streams.delivery.faust_door looks whether it is there."""
