"""deploy/grafana: the file is what the script makes, and asks for what there is.

That each query finds data in a real Prometheus is shown in test_prometheus.py.
"""

import json
import re

import pytest

from deploy.grafana.dashboard import FILE, build
from deploy.grafana.panels import ROWS, Panel
from tests.observe.test_rules import RECORDED, SCRAPE_LABELS, SELECTOR, declared, matched

PANELS = [panel for row in ROWS for panel in row.panels]
QUERIES = [query for panel in PANELS for query in panel.queries.values()]


def test_the_file_is_what_the_script_makes() -> None:
    assert FILE.read_text("utf-8") == build(), "run: python -m deploy.grafana.dashboard"


def test_every_panel_is_there_with_its_queries() -> None:
    made = [panel for panel in json.loads(build())["panels"] if panel["type"] != "row"]
    assert [panel["title"] for panel in made] == [panel.title for panel in PANELS]
    asked = [target["expr"] for panel in made for target in panel["targets"]]
    assert asked == QUERIES


def test_no_panel_stands_on_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(build())["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_says_what_it_shows(panel: Panel) -> None:
    assert panel.help.endswith(".")
    assert panel.queries


@pytest.mark.parametrize("query", QUERIES)
def test_every_metric_and_label_exists_and_is_of_the_chosen_job(query: str) -> None:
    known = declared()
    found = SELECTOR.findall(query)
    assert found
    for name, selector in found:
        assert 'job="$job"' in selector
        if name.startswith("ticket_streams_"):
            assert name in known
            assert matched(selector) <= SCRAPE_LABELS | set(known[name].labels)
        elif ":" in name:
            assert name in RECORDED


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_legend_names_labels_that_its_query_keeps(panel: Panel) -> None:
    for legend, query in panel.queries.items():
        kept = set(re.findall(r"by \(([^)]*)\)", query))
        labels = {label.strip() for group in kept for label in group.split(",")} | SCRAPE_LABELS
        assert set(re.findall(r"{{(\w+)}}", legend)) <= labels, legend
