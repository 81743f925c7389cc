"""The usual place of a round: one broker on this machine."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.local.kafka.broker import EmbeddedKafka


@dataclass(frozen=True, slots=True)
class OneBroker:
    """One broker that faults may kill and freeze, as long as they start and thaw it again."""

    broker: EmbeddedKafka

    @property
    def bootstrap(self) -> str:
        return self.broker.bootstrap

    def worker_settings(self, api_url: str) -> Mapping[str, object]:
        return {}


@contextmanager
def one_broker(folder: Path) -> Iterator[OneBroker]:
    """Starts it; it ends with the block."""
    broker = EmbeddedKafka(folder / "kafka")
    broker.start()
    try:
        yield OneBroker(broker)
    finally:
        broker.kill()
