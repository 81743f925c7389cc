import asyncio
import gc

import pytest

from streams.delivery.work import DeadLetter
from streams.evaluate.judged import DEAD_LETTER, Asked, Judged
from streams.evaluate.labels import Labelled
from streams.evaluate.run import Asker, answers_as_stand_in, judge, run
from streams.events.model import CallRecord, Share, Ticket
from streams.local.standin import StandIn
from streams.settings import load_settings
from tests.evaluate.tickets import labelled, settings_for


def answers(one: Judged) -> set[str | None]:
    """What the tiers said."""
    return {asked.category for asked in (one.first, one.escalation) if asked}


def call(outcome: str, confidence: float) -> CallRecord:
    """One call about the first ticket, of 100 ms and for 10 pico-dollars."""
    share = Share(0, "billing" if confidence else "unknown", 1, 1, 10, outcome, confidence)
    return CallRecord(
        "c", 1_000, 1_100, "first", "m", "m", "v", 1, outcome, 200, None,
        0, 0, 0, 0, 0, 10, 0, "-", 0, [share],
    )  # fmt: skip


async def test_every_ticket_is_judged_and_the_books_agree_with_the_api(api: StandIn) -> None:
    seen: list[tuple[int, int]] = []
    tickets = labelled(60)
    done = await run(tickets, settings_for(api), asyncio.Event(), lambda *told: seen.append(told))
    account = api.account()
    assert [one.line for one in done.judged] == [one.line for one in tickets]
    assert [one.expected for one in done.judged] == [one.expected for one in tickets]
    assert sum(one.right for one in done.judged) >= 30  # shifted by one, hardly any would be
    assert done.trouble is None
    assert done.calls == account["paid"]
    charged = sum(model["picodollars"] for model in account["by_model"].values())
    assert done.cost_picodollars == charged
    assert sum(one.cost_picodollars for one in done.judged) == charged
    assert all(one.first and one.first.category for one in done.judged)
    assert seen[-1] == (60, charged)


async def test_tickets_share_calls_as_in_a_worker(api: StandIn) -> None:
    settings = settings_for(api, escalation_model="none", batch_size=20)
    done = await run(labelled(60), settings, asyncio.Event())
    assert done.calls == 3
    assert all(one.escalation is None for one in done.judged)


async def test_both_tiers_are_asked_about_all_where_nothing_is_sure_enough(api: StandIn) -> None:
    settings = settings_for(api, escalation_threshold=1.0, escalation_cap=1.0)
    done = await run(labelled(250), settings, asyncio.Event())
    assert all(one.first and one.escalation for one in done.judged)


async def test_all_calls_of_a_ticket_count_however_often_it_was_asked_about(api: StandIn) -> None:
    api.faults(bad_json=0.6, missing=0.5, latency=0.02, latency_sigma=1.0)
    tickets = labelled(150)
    done = await run(tickets, settings_for(api), asyncio.Event())
    account = api.account()
    assert [one.line for one in done.judged] == [one.line for one in tickets]
    assert done.calls == account["paid"] > 6
    charged = sum(model["picodollars"] for model in account["by_model"].values())
    assert sum(one.cost_picodollars for one in done.judged) == done.cost_picodollars == charged
    assert all(one.category in ("unknown", *answers(one)) for one in done.judged)


async def test_an_unusable_answer_after_a_usable_one_does_not_take_it_away() -> None:
    asker = Asker([], asyncio.Event(), lambda *_: None)
    asker.said.append({})
    asker.heard(call("ok", 0.9))
    asker.heard(call("timeout", 0.0))
    assert asker.said[0]["first"] == Asked("billing", 0.9, 20, 200)


async def test_a_ticket_without_text_needs_no_call(api: StandIn) -> None:
    empty = Labelled(1, Ticket("t", " "), "unknown")
    done = await run([empty], settings_for(api), asyncio.Event())
    (one,) = done.judged
    assert (one.category, one.reason, one.first, one.right) == ("unknown", "empty_text", None, True)


async def test_it_ends_when_it_is_told_to_with_what_is_judged(
    api: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    stop = asyncio.Event()

    def tell(judged: int, _: int) -> None:
        if judged >= 25:
            stop.set()

    gc.collect()  # what other tests have left behind complains now, and is not ours
    caplog.clear()
    done = await run(labelled(400), settings_for(api), stop, tell)
    assert 25 <= len(done.judged) < 400
    assert done.trouble is None
    gc.collect()
    assert not [record for record in caplog.records if record.name == "asyncio"]


async def test_a_wrong_key_ends_it_at_once(api: StandIn) -> None:
    done = await run(labelled(10), settings_for(api, key="wrong"), asyncio.Event())
    assert done.judged == []
    assert done.trouble is not None
    assert "401" in done.trouble or "authentication" in done.trouble


async def test_an_api_that_is_not_there_ends_it() -> None:
    settings = load_settings(
        anthropic_base_url="http://127.0.0.1:9", anthropic_api_key="k", retry_max_wait=0.01
    )
    done = await run(labelled(10), settings, asyncio.Event())
    assert done.judged == []
    assert done.trouble is not None
    assert "none was answered" in done.trouble


def test_a_dead_letter_is_judged_wrong() -> None:
    letter = DeadLetter("invalid_request_error", "no", "classify", 1, 5, 0)
    first = Asked(None, 0.0, 0, 12)
    one = judge(Labelled(3, Ticket("t", "T"), "unknown"), letter, {"first": first})
    assert (one.category, one.reason, one.right) == (DEAD_LETTER, "invalid_request_error", False)
    assert one.first is first


async def test_the_stand_in_is_known_by_its_header(api: StandIn) -> None:
    assert await answers_as_stand_in(settings_for(api))
    assert not await answers_as_stand_in(load_settings(anthropic_base_url="http://127.0.0.1:9"))


async def test_without_another_address_nobody_is_asked_who_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    assert not await answers_as_stand_in(load_settings())
