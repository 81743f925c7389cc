"""What a real worker shows of a real run, read as Prometheus reads it."""

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.observe import metrics
from tests.stack import SHARED, Stack, running_stack

pytestmark = pytest.mark.kafka

TICKETS = 120


class Scraped:
    """The families of one scrape; ``seconds`` it took."""

    def __init__(self, address: str) -> None:
        began = time.perf_counter()
        with urllib.request.urlopen(address.replace("/readyz", "") + "/metrics") as response:
            body = response.read().decode()
            self.content_type = response.headers["Content-Type"]
        self.seconds = time.perf_counter() - began
        self.families: dict[str, Metric] = {
            family.name: family for family in text_string_to_metric_families(body)
        }

    def total(self, metric: metrics.Metric, **labels: str) -> float:
        """Sum over the series with these labels."""
        family = self.families[metric.name.removesuffix("_total")]
        return sum(
            sample.value
            for sample in family.samples
            if not sample.name.endswith(("_bucket", "_sum"))
            and labels.items() <= sample.labels.items()
        )


@pytest.fixture
def stack(kafka: str, namespace: str, tmp_path: Path) -> Iterator[Stack]:
    with running_stack(kafka, namespace, tmp_path, {}, **SHARED) as running:
        yield running


async def test_it_shows_what_was_done(stack: Stack) -> None:
    await stack.create_topics(2)
    await stack.send_samples(TICKETS)
    worker = stack.worker()
    report = await stack.until_finished(TICKETS)
    stack.until("the health port", lambda: worker.health is not None)
    address = worker.health or ""
    stack.until("all is counted", lambda: Scraped(address).total(metrics.LATENCY) == TICKETS)
    shown = Scraped(address)

    for category, tickets in report.routed.items():
        assert shown.total(metrics.ROUTED, category=category) == tickets
    assert shown.total(metrics.DEAD_LETTERS, stage="decode") == report.dead_letters > 0
    for outcome, calls in report.calls.items():
        assert shown.total(metrics.CALLS_MADE, outcome=outcome) == calls
    assert shown.total(metrics.CALLS_MADE) == shown.total(metrics.CALL_SECONDS) == stack.calls()
    dollars = report.spend_picodollars / PICODOLLARS_PER_DOLLAR
    assert shown.total(metrics.SPEND) == pytest.approx(dollars)
    assert shown.total(metrics.UNSETTLED) == 0
    for tier, tickets in report.tiers.items():
        assert shown.total(metrics.ROUTED, tier=tier) == tickets
    model = stack.settings.model
    assert (
        0
        < shown.total(metrics.API_REMAINING, model=model, kind="requests")
        < shown.total(metrics.API_LIMIT, model=model, kind="requests")
    )
    assert shown.total(metrics.COMMIT_SECONDS) > 0
    assert shown.total(metrics.READY) == shown.total(metrics.STATE, state="ready") == 1
    assert shown.total(metrics.PENDING) == shown.total(metrics.IN_FLIGHT) == 0

    def lag_is_gone() -> bool:
        lag = Scraped(address)
        seen = len(lag.families[metrics.LAG.name].samples)
        return seen == 2 and lag.total(metrics.LAG) == 0

    stack.until("the partitions' ends are looked up", lag_is_gone)
    check_form(shown)
    assert min(Scraped(address).seconds for _ in range(10)) < 0.020


def check_form(shown: Scraped) -> None:
    """What is shown is what is declared, and none of it says whose tickets they were."""
    assert shown.content_type.startswith("text/plain; version=")
    kinds = {name: family.type for name, family in shown.families.items()}
    assert {n: kind for n, kind in kinds.items() if n.startswith(metrics.PREFIX)} == {
        metric.name.removesuffix("_total"): metric.kind for metric in metrics.ALL
    }
    assert "process_resident_memory_bytes" in kinds
    for metric in metrics.ALL:
        for sample in shown.families[metric.name.removesuffix("_total")].samples:
            assert set(sample.labels) - {"le"} == set(metric.labels)
            assert len(sample.labels.get("partition", "")) < 6
