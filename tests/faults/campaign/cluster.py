"""Faults of a cluster of three brokers, which outlives any one of them."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.local.kafka.broker import EmbeddedKafka
from tests.faults.campaign.fault import fault
from tests.faults.campaign.scene import Scene
from tests.faults.cluster import Cluster, away


@dataclass(frozen=True, slots=True)
class ThreeBrokers:
    """Workers are given the addresses of all three."""

    cluster: Cluster

    @property
    def bootstrap(self) -> str:
        return self.cluster.bootstrap

    def worker_settings(self, api_url: str) -> Mapping[str, object]:
        return {}


@contextmanager
def three_brokers(folder: Path) -> Iterator[ThreeBrokers]:
    """Starts them; they end with the block."""
    with Cluster(folder / "cluster") as cluster:
        yield ThreeBrokers(cluster)


def cluster_of(scene: Scene) -> Cluster:
    assert isinstance(scene.place, ThreeBrokers)
    return scene.place.cluster


async def lose(scene: Scene, node: EmbeddedKafka, *, frozen: bool) -> None:
    """One of the three for some seconds; all are in sync again at the return."""
    gone = away(node, frozen=frozen)
    await asyncio.to_thread(gone.__enter__)
    try:
        await scene.pause(3, 10)
    finally:
        await asyncio.to_thread(gone.__exit__, None, None, None)
        await asyncio.to_thread(cluster_of(scene).until_in_sync)


@fault("cluster_each_broker_killed", needs=three_brokers, workers=2, alone=True, seconds=120)
async def each_broker_killed(scene: Scene) -> None:
    """kill -9 of each of three brokers in turn, each back in sync before the next."""
    for node in scene.rng.sample(cluster_of(scene).nodes, 3):
        await scene.under_load()
        await lose(scene, node, frozen=False)


@fault("cluster_broker_frozen", needs=three_brokers, workers=2, alone=True, seconds=60)
async def cluster_broker_frozen(scene: Scene) -> None:
    """One of three brokers stands still for some seconds."""
    await lose(scene, scene.rng.choice(cluster_of(scene).nodes), frozen=True)
