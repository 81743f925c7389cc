"""One broker for a whole pytest run, shared by all its pytest-xdist workers.

Whoever needs Kafka first starts a keeper (this module as a program), which belongs to the run and
not to that worker: it holds the broker until the run's main process ends, in whatever way.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
from filelock import FileLock

from streams.local.kafka.broker import EmbeddedKafka
from streams.local.kafka.errors import KafkaUnavailable

ROOT = Path(__file__).parent.parent


def shared_broker(directory: Path, run: int) -> str:
    """Bootstrap servers of the broker of the run whose main process is ``run``.

    ``directory`` is the same for all workers of the run and for no other run.
    """
    reference = directory / "kafka.json"
    with FileLock(directory / "kafka.lock"):
        if not reference.exists():
            reference.write_text(_start_keeper(run), encoding="utf-8")
    answer: dict[str, str] = json.loads(reference.read_text("utf-8"))
    if "error" in answer:
        raise KafkaUnavailable(answer["error"])
    return answer["bootstrap"]


def _start_keeper(run: int) -> str:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.kafka_fixture", str(run)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert keeper.stdout
    with keeper.stdout:
        return keeper.stdout.readline() or json.dumps({"error": "the broker's keeper died"})


def keep(run: int) -> None:
    """Hold a broker until process ``run`` ends; report on standard output where it is."""
    owner = psutil.Process(run)
    with tempfile.TemporaryDirectory() as data:
        broker = EmbeddedKafka(Path(data))
        try:
            broker.start()
            print(json.dumps({"bootstrap": broker.bootstrap}), flush=True)
            owner.wait()
        except KafkaUnavailable as error:
            print(json.dumps({"error": str(error)}), flush=True)
        finally:
            broker.kill()


if __name__ == "__main__":
    keep(int(sys.argv[1]))
