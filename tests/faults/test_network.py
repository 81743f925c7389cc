"""The network between a worker and Kafka, and between it and the API: slow, silent, cut, reset."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.local.kafka.ports import HOST
from tests.faults.survival import Survival
from tests.faults.toxiproxy import NoToxiproxyError, ProxiedKafka, Proxy, Toxiproxy, server
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(300)]

IN_FLIGHT = 20
EACH = 400

Harm = Callable[[Proxy], None]


@pytest.fixture(scope="module")
def toxiproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toxiproxy]:
    try:
        server()
    except NoToxiproxyError as error:
        pytest.skip(str(error))
    with Toxiproxy(tmp_path_factory.mktemp("toxiproxy")) as toxiproxy:
        yield toxiproxy


def slow(proxy: Proxy) -> None:
    proxy.latency(200, 100)


def broken_off(proxy: Proxy) -> None:
    proxy.limit(300)


async def suffer(
    stack: Stack, proxy: Proxy, harms: list[Harm], seconds: float, **changes: object
) -> Survival:
    """Each of ``harms`` for so long, with work to do; then all must be well."""
    await stack.create_topics()
    survival = Survival(stack, **changes)
    tickets = 0
    for seed, harm in enumerate(harms, start=1):
        tickets += await stack.send_samples(EACH, seed)
        survival.until_calls(EACH // 4)
        harm(proxy)
        time.sleep(seconds)
        proxy.heal()
        survival.supervise()
    await survival.finish(tickets)
    return survival


async def test_slow_silent_cut_and_reset_between_worker_and_kafka(
    toxiproxy: Toxiproxy, namespace: str, tmp_path: Path
) -> None:
    faults: dict[str, object] = {"latency": 0.1}
    harms: list[Harm] = [slow, Proxy.silence, Proxy.down, Proxy.reset]
    with ProxiedKafka(tmp_path / "kafka") as broker:
        proxy = toxiproxy.proxy(namespace, f"{HOST}:{broker.behind}", broker.proxy_port)
        with running_stack(
            broker.bootstrap, namespace, tmp_path, faults, max_calls=IN_FLIGHT
        ) as stack:
            await suffer(stack, proxy, harms, 4, bootstrap_servers=broker.through)


async def test_slow_silent_cut_broken_off_and_reset_between_worker_and_api(
    toxiproxy: Toxiproxy, kafka: str, namespace: str, tmp_path: Path
) -> None:
    faults: dict[str, object] = {"latency": 0.1}
    harms: list[Harm] = [slow, Proxy.silence, Proxy.down, broken_off, Proxy.reset]
    with running_stack(
        kafka, namespace, tmp_path, faults, max_calls=IN_FLIGHT, call_timeout=2, retry_max_wait=1
    ) as stack:
        proxy = toxiproxy.proxy(namespace, f"{HOST}:{stack.api.port}")
        url = f"http://{HOST}:{proxy.port}"
        survival = await suffer(stack, proxy, harms, 3, anthropic_base_url=url)
        # The API's network is no reason to exit.
        assert survival.exits == []
