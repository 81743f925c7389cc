"""Workers with a name of their own: a restart moves no partition, and nothing is paid for twice."""

import re
import signal
import time
from pathlib import Path

import pytest

from streams.delivery.last_resort import EXIT_FAILED
from streams.settings import load_settings, variable
from tests.faults.test_worker_killed import answered_calls_by_ticket
from tests.stack import Stack, Worker, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(400)]

SESSION = 120.0
"""Seconds. Longer than a restart takes, even on a busy machine."""


def named_worker(stack: Stack, name: str) -> Worker:
    """Start a worker as the static member ``name``."""
    given = {**stack.settings.model_dump(exclude_unset=True), "group_instance_id": name}
    log = stack.folder / f"{name}-{len(stack.workers) + 1}.log"
    worker = Worker(load_settings(**given), log)
    stack.workers.append(worker)
    return worker


def openings(worker: Worker) -> list[str]:
    """The partitions of each time that the worker opened what it was assigned."""
    text = worker.log.read_text(errors="replace")
    return re.findall(r"partitions (\[.*?\]) opened: fence", text)


async def until_each_has_its_share(stack: Stack, workers: list[Worker], share: int) -> None:
    def shared() -> bool:
        last = [openings(worker)[-1:] for worker in workers]
        return all(found and len(found[0].split(",")) == share for found in last)

    stack.until("each has its share of the partitions", shared, 120)


@pytest.mark.parametrize("static", [True, False], ids=["static", "dynamic"])
async def test_a_rolling_restart_of_three_repeats_no_paid_call(
    static: bool, kafka: str, namespace: str, tmp_path: Path
) -> None:
    tickets = 4_000
    given = {"session_timeout": SESSION} if static else {}
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.3}, max_calls=8, **given) as stack:
        await stack.create_topics(partitions=6)
        await stack.send_samples(600)

        def start(number: int) -> Worker:
            return named_worker(stack, f"w{number}") if static else stack.worker()

        workers = [start(number) for number in range(3)]
        await until_each_has_its_share(stack, workers, 2)
        before = [openings(worker) for worker in workers]
        await stack.send_samples(tickets - 600, seed=2)
        for number in range(3):
            assert workers[number].stop() == 0, stack.logs()
            made = stack.calls()
            # The others go on calling while it is away and when it is back.
            stack.until("the others call", lambda n=made: stack.calls() > n + 30)  # type: ignore[misc]
            workers[number] = start(number)
            await until_each_has_its_share(stack, [workers[number]], 2)
        unfinished = stack.calls() < tickets
        await stack.until_finished(tickets, 200)
        after = [openings(worker) for worker in workers]
        assert [worker.stop() for worker in workers] == [0, 0, 0], stack.logs()

        assert unfinished, "the restarts were not under load"
        # Strict: the API counted no call that is not in the books.
        assert await stack.broken_promises(strict=True) == []
        report = await stack.report()
        assert (report.tickets, report.lost, report.duplicates) == (tickets, 0, 0)
        assert max((await answered_calls_by_ticket(stack)).values()) == 1
        if static:  # the same partitions as before, opened once: nobody saw a rebalance
            assert after == [[found[-1]] for found in before], stack.logs()


async def test_a_killed_static_worker_is_back_long_before_its_session_ends(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.1}, max_calls=20, session_timeout=SESSION
    ) as stack:
        await stack.create_topics(partitions=2)
        await stack.send_samples(1_500)
        first = named_worker(stack, "w1")
        stack.until("it calls", lambda: stack.calls() > 300)
        first.kill()
        killed = time.monotonic()
        made = stack.calls()
        second = named_worker(stack, "w1")
        stack.until("it has opened", lambda: second.opened, SESSION / 2)
        stack.until("it calls", lambda: stack.calls() > made)
        print(f"calls again {time.monotonic() - killed:.1f} s after the kill")
        await stack.until_finished(1_500)
        assert second.stop() == 0, stack.logs()
        assert await stack.broken_promises(strict=False) == []
        assert max((await answered_calls_by_ticket(stack)).values()) == 1


async def test_two_workers_of_one_name_do_not_fight_for_it(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(kafka, namespace, tmp_path, {}) as stack:
        await stack.create_topics(partitions=2)
        older = named_worker(stack, "twin")
        stack.until("it has opened", lambda: older.opened)
        newer = named_worker(stack, "twin")
        assert older.wait(60) == EXIT_FAILED, stack.logs()
        assert older.said(variable("group_instance_id")), stack.logs()

        tickets = await stack.send_samples(100)
        await stack.until_finished(tickets)
        assert newer.alive, stack.logs()
        newer.signal(signal.SIGTERM)
        assert newer.wait() == 0, stack.logs()
        assert len(openings(newer)) == 1
