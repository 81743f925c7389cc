"""What is unsettled, and how it is written off: exactly, and once."""

import asyncio
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from streams.audit.books import load_books
from streams.audit.verify import verify
from streams.cli import main
from streams.delivery.reconcile import WorkersRunError, write_off
from streams.local.standin.generation import UNHEARD
from streams.settings import load_settings, to_environment
from tests.integration.test_budget import readiness
from tests.stack import running_stack


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_the_calls_of_a_killed_worker_are_written_off_once_and_the_books_balance(
    kafka: str, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.5}, max_calls=10, escalation_model="none"
    ) as stack:
        await stack.create_topics()
        tickets = await stack.send_samples(30)
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


def unheard_price() -> str:
    """A prices file in which the unheard model costs as much as the one that was asked for."""
    shipped = (files("streams.claude") / "prices.toml").read_text("utf-8")
    entry = shipped[shipped.index("[[price]]\n") :].partition("\n\n")[0]
    assert "claude-haiku-5-5" in entry
    return entry.replace("claude-haiku-5-5", UNHEARD)


@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_what_nobody_priced_and_nobody_heard_of_again_is_booked_to_the_pico_dollar(
    kafka: str, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {"renamed": 0.3}, max_calls=10, escalation_model="none"
    ) as stack:
        await stack.create_topics()
        tickets = await stack.send_samples(30)
        worker = stack.worker()
        report = await stack.until_finished(tickets)
        assert report.calls["unpriced_model"] > 0
        assert f"ready\nbut calls answered by {UNHEARD} have no price" in readiness(worker)
        [check] = await stack.broken_promises(strict=False)
        assert check.name == "priced"
        assert f"answered by {UNHEARD}, which has no price" in check.culprits[0]

        stack.api.faults(latency=0.5, renamed=0)
        before = stack.calls()
        await stack.send_samples(30, seed=2)
        stack.until("some are answered, and others are asked", lambda: stack.calls() > before)
        worker.kill()
        stack.until("the API is done", lambda: not stack.api.account()["in_flight"])

        prices = tmp_path / "prices.toml"
        prices.write_text(unheard_price())
        monkeypatch.setenv("TICKET_STREAMS_PRICES_FILE", str(prices))
        for name, value in to_environment(stack.settings).items():
            monkeypatch.setenv(name, value)

        async def reconcile(*words: str, code: int = 0) -> Any:
            words = ("reconcile", "--json", *words)
            async with asyncio.timeout(30):  # until the group gives up the one that was killed
                while True:
                    result = await asyncio.to_thread(CliRunner().invoke, main, words)
                    if "are running: stop them" not in result.output:
                        break
                    await asyncio.sleep(0.5)
            assert result.exit_code == code, result.output
            return json.loads(result.stdout)

        settle = "--settle", "--account", stack.api.url
        refused = await reconcile(*settle, code=1)
        assert "reprice them first" in refused["problems"][0]
        priced = await reconcile("--reprice")
        assert len(priced["closed"]) == report.calls["unpriced_model"]
        settled = await reconcile(*settle)
        assert settled["closed"]
        assert (settled["calls"], settled["problems"]) == ([], [])
        assert (await reconcile("--reprice"))["closed"] == []
        assert (await reconcile(*settle))["closed"] == []

        report = await stack.report()
        assert report.spend_picodollars == report.api_spend_picodollars
        assert report.unsettled_picodollars == 0
        stack.worker_settings = load_settings()
        heir = stack.worker()  # as if nothing had been
        await stack.until_finished(2 * tickets)
        assert heir.stop() == 0
        audit = await verify(
            load_settings(), stack.topics, account=stack.api.account(), strict=True
        )
        assert [check for check in audit.checks if not check.ok] == []
