"""deploy/prometheus: rules ask for what there is, each alert has a test and a runbook entry.

Where promtool is installed its own tests run too.
"""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from streams.delivery.transaction import COMMIT_TIMEOUT
from streams.observe.metrics import ALL, Metric
from tests.house.files import ROOT, text

FOLDER = ROOT / "deploy" / "prometheus"


def rules(name: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load(text(f"deploy/prometheus/{name}.yml"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules("alerts")}
RECORDED = {rule["record"]: rule["expr"] for rule in rules("recording")}
TESTS = {
    test["name"]: test["promql_expr_test"]
    for test in yaml.safe_load(text("deploy/prometheus/tests.yml"))["tests"]
}
EXPRESSIONS = [*(rule["expr"] for rule in ALERTS.values()), *RECORDED.values()]
SELECTOR = re.compile(r"\b(ticket_streams[\w:]+|up|process_\w+)(?:\{([^}]*)\})?")
SCRAPE_LABELS = {"job", "instance"}


def declared() -> dict[str, Metric]:
    """By the names that their series have."""
    return {
        metric.name + suffix: metric
        for metric in ALL
        for suffix in (("_bucket", "_count", "_sum") if metric.kind == "histogram" else ("",))
    }


def matched(selector: str) -> set[str]:
    """The labels that a selector matches on."""
    return set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_every_metric_and_label_exists(expr: str) -> None:
    known = declared()
    found = SELECTOR.findall(expr)
    assert found
    for name, selector in found:
        if name.startswith("ticket_streams_"):
            assert name in known
            assert matched(selector) <= SCRAPE_LABELS | set(known[name].labels)
        elif ":" in name:
            assert name in RECORDED


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_says_how_bad_it_is_and_where_to_read_on(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert alert["annotations"]["summary"]
    page, anchor = alert["annotations"]["runbook"].split("#")
    assert anchor == name.lower()
    assert f"\n### {name}\n" in text(page)


def test_the_runbook_has_no_entry_too_many() -> None:
    assert set(
        re.findall(r"^### (TicketStreams\w+)$", text("docs/operations.md"), re.MULTILINE)
    ) == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_is_tested_when_it_fires_and_when_not(name: str) -> None:
    expected = [check["exp_samples"] for check in TESTS[name]]
    assert [] in expected
    assert any(found and f'"{name}"' in found[0]["labels"] for found in expected)


def test_results_that_wait_for_their_commit_are_told_before_the_worker_exits_over_them() -> None:
    """It fired never while it asked for more seconds than a commit has."""
    alert = ALERTS["TicketStreamsNotCommitting"]
    found = re.search(r"max_over_time\(.*\[\dm\]\) > (\d+)$", alert["expr"])
    assert found, "what is seen once must stay seen: the worker is gone by the next look"
    assert "for" not in alert
    every = yaml.safe_load(text("deploy/prometheus/prometheus.yml"))["global"]["scrape_interval"]
    assert int(found[1]) + int(every.removesuffix("s")) <= COMMIT_TIMEOUT


def test_the_configuration_loads_every_file_of_rules() -> None:
    config = yaml.safe_load(text("deploy/prometheus/prometheus.yml"))
    assert {FOLDER / name for name in config["rule_files"]} == {
        FOLDER / "recording.yml",
        FOLDER / "alerts.yml",
    }
    (job,) = config["scrape_configs"]
    assert job["job_name"] == "ticket-streams"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("check", ["check config prometheus.yml", "test rules tests.yml"])
def test_promtool_agrees(check: str) -> None:
    done = subprocess.run(
        ["promtool", *check.split()], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
