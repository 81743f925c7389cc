"""What ``status`` and ``doctor`` see of a real worker."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import main
from streams.settings import to_environment
from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def test_a_worker_at_work_is_seen_from_outside(kafka: str, namespace: str, tmp_path: Path) -> None:
    with running_stack(kafka, namespace, tmp_path, {}) as stack:
        asyncio.run(stack.create_topics(2))
        stack.worker()
        asyncio.run(stack.send_samples(20))
        asyncio.run(stack.until_finished(20))
        run = CliRunner(env=to_environment(stack.settings))

        found = json.loads(run.invoke(main, ["status", "--json"]).stdout)
        [worker] = found["workers"]
        assert worker["partitions"] == [0, 1]
        assert worker["waiting"] == found["waiting"] == 0
        assert found["group"] == {"state": "Stable", "workers": 1}
        assert found["today"]["tickets"] + found["today"]["dead_letters"] == 20
        assert found["per_minute"] > 0

        result = run.invoke(main, ["status"])
        assert "is Stable, 1 worker" in result.stdout

        answer = json.loads(run.invoke(main, ["doctor", "--json"]).stdout)
        assert answer["ok"], answer
        told = {finding["check"]: finding["message"] for finding in answer["findings"]}
        assert "1 worker (0 spare), 0 events wait" in told["group"]
        assert "nothing of the brokers is from the future" in {
            finding["message"] for finding in answer["findings"]
        }
