"""Ports for a broker that must come back on the same one."""

import errno
import random
import socket

from streams.local.kafka.errors import KafkaUnavailable

HOST = "127.0.0.1"
# Below the range from which Linux (32768) and macOS (49152) number outgoing connections: while the
# broker is down no client can be given its port, nor connect to itself on it.
_RANGE = range(20_000, 32_000)
# Not the global generator: test tools seed that one, and two brokers would choose the same port.
_random = random.SystemRandom()


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the JVM does
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def free_port() -> int:
    """A port that nobody uses now. Raises KafkaUnavailable if none can be found."""
    for port in _random.sample(_RANGE, 100):
        if is_free(port):
            return port
    raise KafkaUnavailable(f"no free port on {HOST} from {_RANGE.start} to {_RANGE.stop}")
