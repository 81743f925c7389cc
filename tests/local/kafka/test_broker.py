import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.local.kafka.broker import EmbeddedKafka
from streams.local.kafka.errors import KafkaUnavailable
from streams.local.kafka.ports import HOST
from streams.local.kafka.probe import answers

pytestmark = pytest.mark.kafka


async def create(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for value in values:
            await producer.send(topic, value)
        await producer.flush()


async def consume(bootstrap: str, topic: str) -> list[bytes]:
    # No seek: aiokafka may undo one that comes before it has looked up the first position.
    async with AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        return [(await consumer.getone()).value for _ in range(end)]


async def test_no_record_is_lost_over_three_kills(tmp_path: Path) -> None:
    broker = EmbeddedKafka(tmp_path / "data")
    expected: list[bytes] = []
    broker.start()
    try:
        address = broker.bootstrap
        await create(address, "kept")
        for round_ in range(3):
            values = [b"%d-%d" % (round_, n) for n in range(100)]
            await produce(address, "kept", values)
            expected += values
            broker.kill()
            assert not broker.alive
            broker.start()
            assert broker.bootstrap == address
        assert await consume(address, "kept") == expected
    finally:
        broker.kill()


def test_it_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from streams.local.kafka.broker import EmbeddedKafka\n"
        "broker = EmbeddedKafka(Path(sys.argv[1])); broker.start()\n"
        "print(broker.pid, flush=True); broker.wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        jvm = psutil.Process(int(parent.stdout.readline()))
        supervisor = jvm.parent()
        assert supervisor
        parent.send_signal(signal.SIGKILL)
    gone, alive = psutil.wait_procs([jvm, supervisor], timeout=5)
    assert len(gone) == 2, alive


def test_a_frozen_broker_is_silent_until_thawed(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path) as broker:
        broker.freeze()
        assert broker.alive
        assert not answers(HOST, broker.port)
        broker.thaw()
        assert answers(HOST, broker.port)
        broker.freeze()
        jvm = psutil.Process(broker.pid)
    assert not jvm.is_running()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(KafkaUnavailable, match=f"port {port} is in use"):
            EmbeddedKafka(tmp_path, port).start()


def test_a_second_broker_on_the_same_folder_says_so_and_touches_nothing(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path) as first:
        written = (tmp_path / "server.properties").read_text()
        with pytest.raises(KafkaUnavailable, match="another broker uses this data folder"):
            EmbeddedKafka(tmp_path).start()
        assert first.alive
        assert (tmp_path / "server.properties").read_text() == written
        first.kill()
        first.start()


def test_a_broker_that_dies_at_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    broker = EmbeddedKafka(tmp_path, extra={"node.id": "one"})
    with pytest.raises(KafkaUnavailable, match=r"(?s)broker\.log.*value one"):
        broker.start()
    assert not broker.alive


def test_one_that_is_too_slow_is_not_left_behind(tmp_path: Path) -> None:
    broker = EmbeddedKafka(tmp_path)
    broker.start()
    broker.stop()
    with pytest.raises(KafkaUnavailable, match="did not answer in time"):
        broker.start(timeout=0)
    assert not broker.alive


def test_a_broker_that_ends_by_itself_ends_the_wait(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path) as broker:
        psutil.Process(broker.pid).kill()
        with pytest.raises(KafkaUnavailable, match="Kafka stopped"):
            broker.wait()
        assert not broker.alive


async def test_the_shared_broker_takes_topics(kafka: str, namespace: str) -> None:
    await create(kafka, namespace)
    await produce(kafka, namespace, [b"one"])
    assert await consume(kafka, namespace) == [b"one"]
