"""Faults of the network, between workers and Kafka and between workers and the API.

Without toxiproxy, and Go to build it with, there are none.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from streams.local.kafka.ports import HOST
from tests.faults.campaign.fault import fault
from tests.faults.campaign.scene import Scene
from tests.faults.toxiproxy import NoToxiproxyError, ProxiedKafka, Proxy, Toxiproxy, server

KAFKA, API = "kafka", "api"
HARMS: Mapping[str, tuple[Callable[[Proxy], None], str]] = {
    "slow": (lambda proxy: proxy.latency(200, 100), "100 to 300 ms more each way to {}."),
    "silent": (Proxy.silence, "Nothing comes through to {} or back, and nothing closes."),
    "cut": (Proxy.down, "Connections to {} are closed and refused."),
    "reset": (Proxy.reset, "Connections to {} are reset."),
    "broken_off": (lambda proxy: proxy.limit(300), "Connections to {} close after 300 bytes."),
}


class BehindProxies:
    """Workers reach Kafka and the API through proxies; the campaign reaches both directly."""

    def __init__(self, toxiproxy: Toxiproxy, broker: ProxiedKafka) -> None:
        self._toxiproxy = toxiproxy
        self._broker = broker
        self.kafka = toxiproxy.proxy(KAFKA, f"{HOST}:{broker.behind}", broker.proxy_port)
        self.api: Proxy | None = None

    @property
    def bootstrap(self) -> str:
        return self._broker.bootstrap

    def worker_settings(self, api_url: str) -> Mapping[str, object]:
        upstream = api_url.removeprefix("http://").rstrip("/")
        if self.api is None:
            self.api = self._toxiproxy.proxy(API, upstream)
        else:
            self.api.lead_to(upstream)
        return {
            "bootstrap_servers": self._broker.through,
            "anthropic_base_url": f"http://{HOST}:{self.api.port}",
            "call_timeout": 5.0,
        }


@contextmanager
def behind_proxies(folder: Path) -> Iterator[BehindProxies]:
    """Starts a broker and the proxies; they end with the block."""
    with Toxiproxy(folder / "toxiproxy") as toxiproxy, ProxiedKafka(folder / "kafka") as broker:
        yield BehindProxies(toxiproxy, broker)


@asynccontextmanager
async def harmed(scene: Scene, which: str) -> AsyncIterator[Proxy]:
    """The proxy before Kafka or the API, healed at the end; some seconds pass."""
    place = scene.place
    assert isinstance(place, BehindProxies)
    proxy = place.kafka if which == KAFKA else place.api
    assert proxy is not None
    try:
        yield proxy
        await scene.pause(3, 10)
    finally:
        proxy.heal()


def register(which: str, name: str) -> None:
    """One harm, between workers and one of the two."""
    harm, about = HARMS[name]

    async def run(scene: Scene) -> None:
        async with harmed(scene, which) as proxy:
            harm(proxy)

    run.__doc__ = about.format({KAFKA: "Kafka", API: "the API"}[which])
    fault(f"network_{which}_{name}", needs=behind_proxies, workers=2, seconds=60)(run)


def available() -> bool:
    """Whether there is a toxiproxy; builds it if need be."""
    try:
        server()
    except NoToxiproxyError:
        return False
    return True


if available():
    for _which in (KAFKA, API):
        for _name in HARMS:
            register(_which, _name)
