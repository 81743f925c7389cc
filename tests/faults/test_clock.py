"""The worker's clock jumps by hours, both ways: nothing is lost, and the books balance."""

import subprocess
import sys
from pathlib import Path

import pytest

from streams.audit.snapshot import read_topic
from streams.events.wire import decode_call
from tests.faults.clock import Clock
from tests.faults.survival import Survival
from tests.stack import running_stack

HOUR = 3_600.0
IN_FLIGHT = 20


def test_a_jump_is_seen_by_children_and_by_nobody_else(tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    code = "import time; print(time.time_ns()); input(); print(time.time_ns(), time.monotonic())"
    with (
        clock.in_children(),
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as child,
    ):
        assert child.stdout
        before = int(child.stdout.readline())
        clock.jump(-HOUR)
        after, _ = child.communicate("\n", timeout=20)
    assert int(after.split()[0]) - before < (-HOUR + 60) * 1e9


@pytest.mark.kafka
@pytest.mark.faults
@pytest.mark.timeout(240)
async def test_two_hours_ahead_and_one_behind_in_mid_run(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    clock = Clock(tmp_path / "clock")
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.1}, max_calls=IN_FLIGHT) as stack:
        await stack.create_topics()
        tickets = await stack.send_samples(1_500)
        with clock.in_children():
            survival = Survival(stack)
            for offset in (2 * HOUR, -HOUR, 0):
                survival.until_calls(10 * IN_FLIGHT)
                clock.jump(offset)
            await survival.finish(tickets)
        assert survival.exits == []
        at = [
            decode_call(record.value).ended_at / 1000
            async for record in read_topic(kafka, stack.topics.calls)
        ]
        assert max(at) - min(at) > 2.9 * HOUR
