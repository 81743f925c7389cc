"""The windowed tables as a Faust user reads them, in the worker's own process."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from streams.books.dimensions import OTHER, read_key
from streams.books.rows import SpendRow
from streams.settings import to_environment
from tests.stack import SHARED, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

TICKETS = 120


async def test_faust_users_read_committed_rows_with_now_at_and_items(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    faults: dict[str, object] = {"latency": 0.01, "bad_json": 0.1}
    # A day's window: the run is in one, unless midnight comes.
    with running_stack(
        kafka,
        namespace,
        tmp_path,
        faults,
        **SHARED,
        window_seconds=86_400,
        books_field="customer_id",
        books_field_values=1,
    ) as stack:
        await stack.create_topics(partitions=2)
        await stack.send_samples(TICKETS)
        shown_in = tmp_path / "tables.json"
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.reading_worker"],
            env={**os.environ, **to_environment(stack.settings), "TABLES_FILE": str(shown_in)},
            cwd=Path(__file__).parents[2],
        )
        try:
            report = await stack.until_finished(TICKETS)

            def shown() -> Any:
                return json.loads(shown_in.read_text())

            routed = sum(report.routed.values())
            stack.until(
                "the table shows every ticket",
                lambda: (
                    shown_in.exists()
                    and sum(SpendRow(*row).tickets for _, row in shown()["spend"]) == routed
                ),
            )
            time.sleep(1)
            report = await stack.report()
            tables = shown()
            rows = [SpendRow(*row) for _, row in tables["spend"]]
            assert sum(row.picodollars for row in rows) == report.spend_picodollars
            assert sum(row.calls for row in rows) == report.api_calls
            assert [list(row) for row in rows] == tables["at"]
            wrong = sum(n for key, n in tables["errors"].items() if "|answer|" in key)
            # One for each ticket of a call whose answer was worth nothing; how many share a call
            # depends on when the worker was up. verify, below, counts them all.
            assert wrong >= report.api_calls - report.calls["ok"]
            told = [read_key(key) for key, _ in tables["spend"]]
            assert {partition for partition, _ in told} == {0, 1}
            for number in (0, 1):
                values = {of.value for partition, of in told if partition == number}
                assert OTHER in values
                assert len(values - {"", OTHER}) == 1
            assert await stack.broken_promises(strict=False) == []
        finally:
            worker.terminate()
            assert worker.wait(30) == 0
