"""What a worker is doing at this moment, read from its own objects whenever Prometheus asks."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from streams import __version__
from streams.classify.triage import CallTier
from streams.claude.budget_guard import Used
from streams.claude.gate import Gate
from streams.delivery.breaker import Breaker
from streams.delivery.member import Member
from streams.observe import metrics
from streams.observe.health import Readiness
from streams.observe.heard import HeardPace
from streams.observe.metrics import Metric
from streams.settings import Settings


@dataclass(eq=False)
class WorkerCollector(Collector):
    """Costs nothing between two scrapes. Run it on the event loop: it reads what that changes."""

    settings: Settings
    prompt_version: str
    member: Member
    gates: Mapping[CallTier, Gate]
    breaker: Breaker
    readiness: Readiness
    heard: HeardPace
    budgets: Callable[[], Iterable[Used]]
    ends: dict[int, int] = field(default_factory=dict)
    """Where the committed records of the input end, by partition, when somebody last looked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Each gauge of streams.observe.metrics."""
        yield from self._worker()
        yield from self._calls()
        yield from self._partitions()
        yield from self._rate_limits()
        yield from self._budgets()

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: else the registry would collect before there is anything."""
        return iter(())

    def _worker(self) -> Iterator[GaugeMetricFamily]:
        yield _one(metrics.BUILD, 1, __version__, self.prompt_version)
        yield _one(metrics.READY, self.readiness.why_not() is None)
        state = self.readiness.state
        yield _family(metrics.STATE, {(name,): name == state for name in metrics.STATES})
        yield _one(metrics.BREAKER, self.breaker.open)
        yield _one(metrics.SLOTS, self.settings.max_calls)
        yield _one(metrics.MOST_PENDING, self.settings.max_pending)

    def _calls(self) -> Iterator[GaugeMetricFamily]:
        gates = self.gates.items()
        yield _family(metrics.HELD, {(tier,): gate.held is not None for tier, gate in gates})
        yield _family(metrics.PAUSED, {(tier,): gate.paused for tier, gate in gates})
        yield _family(metrics.IN_FLIGHT, {(tier,): gate.in_flight for tier, gate in gates})
        waiting: Counter[tuple[str, ...]] = Counter({(t,): 0 for t in get_args(CallTier)})
        for partition in self.member.partitions.values():
            for lane, works in partition.waiting.items():
                waiting[lane.tier,] += len(works)
        yield _family(metrics.WAITING, waiting)

    def _partitions(self) -> Iterator[GaugeMetricFamily]:
        now = time.monotonic()
        owned = [((p.name,), p) for _, p in sorted(self.member.partitions.items())]
        yield _family(metrics.PENDING, {number: p.pending for number, p in owned})
        yield _family(metrics.PENDING_BYTES, {number: p.pending_bytes for number, p in owned})
        yield _family(metrics.UNSENT, {number: p.unsent_since(now) for number, p in owned})
        lag = {
            number: max(0, self.ends[p.number] - p.committed)
            for number, p in owned
            if p.number in self.ends
        }
        yield _family(metrics.LAG, lag)

    def _rate_limits(self) -> Iterator[GaugeMetricFamily]:
        buckets = {
            (model, kind): bucket
            for model, limits in self.heard.limits.items()
            for kind in ("requests", "input_tokens", "output_tokens")
            if (bucket := getattr(limits, kind)) is not None
        }
        yield _family(metrics.API_LIMIT, {key: b.limit for key, b in buckets.items()})
        yield _family(metrics.API_REMAINING, {key: b.remaining for key, b in buckets.items()})

    def _budgets(self) -> Iterator[GaugeMetricFamily]:
        used = list(self.budgets())
        yield _family(metrics.BUDGET_SHARE, {(one.budget,): one.share for one in used})
        yield _family(metrics.BUDGET_UP, {(one.budget,): one.up for one in used})


def _one(metric: Metric, value: float, *labels: str) -> GaugeMetricFamily:
    return _family(metric, {labels: value})


def _family(metric: Metric, samples: Mapping[Any, float]) -> GaugeMetricFamily:
    """``samples``: values by the values of the labels."""
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in samples.items():
        family.add_metric(labels, value)
    return family
