"""The metrics of a worker whose port its log tells."""

import re
from collections import defaultdict
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

HEALTH = re.compile(r"health at http://([\d.:]+)")


class MetricsError(Exception):
    """The worker does not tell them, not yet perhaps."""


def read_metrics(log: Path, begin: int = 0) -> Mapping[str, float]:
    """Samples by name, summed over their labels. The worker's log is looked at from ``begin`` on.

    Raises MetricsError.
    """
    text = log.read_text(errors="replace")[begin:] if log.exists() else ""
    found = HEALTH.search(text)
    if found is None:
        raise MetricsError("no address in the log")
    connection = HTTPConnection(found[1], timeout=10)
    try:
        connection.request("GET", "/metrics")
        page = connection.getresponse().read().decode()
    except (OSError, HTTPException) as error:
        raise MetricsError(repr(error)) from None
    finally:
        connection.close()
    sums: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            sums[sample.name] += sample.value
    return sums
