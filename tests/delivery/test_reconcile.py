"""What is unsettled, and how it is written off: exactly, and once."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.audit.books import load_books
from streams.books.rows import SpendRow, errors_of_call, spend_of_call
from streams.cli import main
from streams.delivery.reconcile import WorkersRunError, still_unsettled, write_off, written_off
from streams.events.wire import decode_call, encode_call
from streams.settings import to_environment
from tests.delivery.test_intents import intent
from tests.stack import running_stack


def test_a_call_and_its_write_off_are_nothing_together() -> None:
    share = intent().shares[0]
    shares = tuple(replace(share, source_offset=n) for n in range(3))
    call = replace(intent(), unsettled_picodollars=100, shares=shares)
    off = written_off(call)
    assert decode_call(encode_call(off)) == off
    total: dict[tuple[str, float], SpendRow] = {}
    for delta in [*spend_of_call(call), *spend_of_call(off)]:
        at = delta.key, delta.at
        total[at] = total.get(at, SpendRow()).plus(delta.row)
    assert set(total.values()) == {SpendRow()}
    assert errors_of_call(off) == []


def test_what_is_written_off_or_settled_is_not_unsettled() -> None:
    calls = [intent("a"), replace(intent("b"), unsettled_picodollars=0), intent("c")]
    calls.append(written_off(intent("a")))
    assert [call.call_id for call in still_unsettled(calls)] == ["c"]


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_the_calls_of_a_killed_worker_are_written_off_once_and_the_books_balance(
    kafka: str, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 1.0}, max_calls=10) as stack:
        await stack.create_topics()
        tickets = await stack.send_samples(40)
        worker = stack.worker()
        stack.until("it is asked", lambda: stack.calls() >= 1)
        worker.kill()
        heir = stack.worker()
        await stack.until_finished(tickets)
        with pytest.raises(WorkersRunError):
            await write_off(stack.settings, stack.topics, {"any"})
        assert heir.stop() == 0

        for name, value in to_environment(stack.settings).items():
            monkeypatch.setenv(name, value)

        async def reconcile(*words: str) -> str:
            result = await asyncio.to_thread(CliRunner().invoke, main, ["reconcile", *words])
            assert result.exit_code == 0, result.output
            return result.stdout

        listed = json.loads(await reconcile("--json"))
        assert {call["outcome"] for call in listed["calls"]} == {"abandoned"}
        assert listed["unsettled_picodollars"] > 0
        assert json.loads(await reconcile("--json", "--older-than", "1d"))["calls"] == []
        assert f"{len(listed['calls'])} calls are written off" in await reconcile("--write-off")
        again = {call["call_id"] for call in listed["calls"]}
        assert await write_off(stack.settings, stack.topics, again) == 0
        assert json.loads(await reconcile("--json"))["calls"] == []

        books = await load_books(kafka, stack.topics)
        assert sum(row.unsettled_picodollars for row in books.spend.values()) == 0
        report = await stack.report()
        assert report.unsettled_picodollars == 0
        assert await stack.broken_promises(strict=False) == []
        after = stack.worker()  # as if nothing had been
        tickets += await stack.send_samples(20, seed=2)
        await stack.until_finished(tickets)
        assert after.stop() == 0
        assert await stack.broken_promises(strict=False) == []
