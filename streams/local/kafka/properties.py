"""The broker's ``server.properties``."""

from collections.abc import Mapping

from streams.local.kafka.ports import HOST

FIXED = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": "log",  # relative to the data folder, the broker's working directory
    "auto.create.topics.enable": "false",
    # One broker: nothing can have more replicas.
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Fewer internal partitions than the 50 each by default: a quicker start.
    "offsets.topic.num.partitions": "5",
    "transaction.state.log.num.partitions": "5",
    "share.coordinator.state.topic.num.partitions": "1",
    "log.cleaner.dedupe.buffer.size": "16777216",  # bytes of heap; the default takes 128 MiB
    "group.initial.rebalance.delay.ms": "0",
    # After kill -9 the broker is let back in when its old session has ended: by default 9 s.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "250",
    # Transactions of dead workers end soon after their timeout, not up to 10 s later.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
}


def render(
    *, port: int, controller_port: int, partitions: int, extra: Mapping[str, str] | None = None
) -> str:
    """The text of the file: everything on 127.0.0.1, ``partitions`` for topics that name no number.

    ``extra`` has Kafka's own names and wins.
    """
    addressed = {
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "num.partitions": str(partitions),
    }
    merged = FIXED | addressed | dict(extra or {})
    # Java reads a backslash in a properties file as an escape.
    return "".join(f"{name}={value}\n".replace("\\", "\\\\") for name, value in merged.items())
