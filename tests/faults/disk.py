"""A disk that fills up under a running broker, without a disk to fill.

The kernel's limit on the size of files (RLIMIT_FSIZE) is set on the JVM while it runs: a write that
would grow a file beyond it is cut short, and the next one fails. Kafka sees what it sees on a full
disk: a torn batch at the end of a log, and an IOException on append ("File too large" instead of
"No space left on device"). Linux only.
"""

import psutil

from streams.local.kafka.broker import EmbeddedKafka

SUPPORTED = hasattr(psutil, "RLIMIT_FSIZE")
REASON = "the size of another process's files can be limited on Linux only"
LIMIT = 32 * 1024
"""Bytes. Longer files, which all busy logs are, cannot grow at all."""


def fill(broker: EmbeddedKafka) -> None:
    """From now on no file of ``broker`` grows beyond LIMIT. Raises psutil.NoSuchProcess."""
    process = psutil.Process(broker.pid)
    _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (LIMIT, hard))


def free(broker: EmbeddedKafka) -> None:
    """There is space again, for a broker that did not halt. Raises psutil.NoSuchProcess."""
    process = psutil.Process(broker.pid)
    _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (hard, hard))
