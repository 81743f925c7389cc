"""What is told of each ticket while it goes through, for traces; here it is told to nobody.

OpenTelemetry's spans are made by streams.observe.spans, which is loaded only where its own
variables ask for it.
"""

import os
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any, Protocol

from streams.delivery.size import Headers
from streams.delivery.work import Work
from streams.events.model import CallRecord

ASKING = (
    "OTEL_TRACES_EXPORTER",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)
"""OpenTelemetry's own variables: any of them switches traces on."""


class Traces(Protocol):
    """Told by a partition; nothing here may be awaited, or raise."""

    def begin(self, work: Work) -> Any:
        """``work`` is in hand. What this returns is kept in ``work.spans``."""

    def call(self, call: CallRecord, works: Iterable[Work]) -> None:
        """A call about these has ended."""

    def headers(self, work: Work, topic: str, headers: Headers) -> Headers:
        """``headers`` of what is sent to ``topic`` for ``work``, so that its reader goes on."""

    def committed(self, works: Iterable[Work]) -> None:
        """These are finished, and committed."""

    def abandoned(self, works: Iterable[Work]) -> None:
        """These are left to the partition's next owner."""

    def close(self) -> None:
        """Send what is left, for two seconds at most. Blocks."""


class NoTraces:
    """Tells nobody."""

    def begin(self, work: Work) -> None:
        """Nothing."""

    def call(self, call: CallRecord, works: Iterable[Work]) -> None:
        """Nothing."""

    def headers(self, work: Work, topic: str, headers: Headers) -> Headers:
        """As they are."""
        del work, topic
        return headers

    def committed(self, works: Iterable[Work]) -> None:
        """Nothing."""

    def abandoned(self, works: Iterable[Work]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


NO_TRACES = NoTraces()


class TracesError(Exception):
    """Traces are asked for and cannot be had; the message is one line that says what to do."""


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's variables ask for traces."""
    off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    none = environ.get("OTEL_TRACES_EXPORTER", "").lower() == "none"
    return not off and not none and any(environ.get(name) for name in ASKING)


def check(environ: Mapping[str, str] = os.environ) -> None:
    """Raises TracesError where traces are asked for in a way that we do not have."""
    if not wanted(environ):
        return
    exporter = environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    if exporter not in ("otlp", "console"):
        raise TracesError(f"OTEL_TRACES_EXPORTER is {exporter}: use otlp, console or none")
    protocol = environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or "http/protobuf"
    if protocol != "http/protobuf":
        raise TracesError(f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol}: use http/protobuf")
    if not find_spec("opentelemetry") or not find_spec("opentelemetry.sdk"):
        name = next(name for name in ASKING if environ.get(name))
        raise TracesError(f"{name} is set: pip install 'ticket-streams[otel]', or unset it")


def traces_of(group: str, environ: Mapping[str, str] = os.environ) -> Traces:
    """Where this process tells its traces. Raises TracesError."""
    check(environ)
    if not wanted(environ):
        return NO_TRACES
    from streams.observe.spans import exported  # noqa: PLC0415  only where it is asked for

    return exported(group, environ)
