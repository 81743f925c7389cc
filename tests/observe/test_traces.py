import subprocess
import sys

import pytest

from streams.observe.traces import NO_TRACES, TracesError, check, traces_of, wanted
from tests.delivery.events import work

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_SERVICE_NAME": "desk"}, False),
    ],
)
def test_only_opentelemetrys_own_variables_ask_for_traces(
    environ: dict[str, str], expected: bool
) -> None:
    assert wanted(environ) is expected


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
        ({**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
    ],
)
def test_what_we_do_not_have_is_named(environ: dict[str, str], named: str) -> None:
    with pytest.raises(TracesError, match=named):
        check(environ)


def test_without_the_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.observe.traces.find_spec", lambda _: None)
    with pytest.raises(TracesError, match=r"pip install 'ticket-streams\[otel\]'"):
        check(ENDPOINT)
    check({})


def test_nothing_is_told_and_nothing_loaded_where_nobody_asks() -> None:
    headers = [("mine", b"1")]
    assert traces_of("desk", {}) is NO_TRACES
    assert NO_TRACES.headers(work(), "out", headers) is headers
    program = "import sys, streams.app; sys.exit('opentelemetry.sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
