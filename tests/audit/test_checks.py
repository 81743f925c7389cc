from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from streams.audit.checks import Evidence
from streams.audit.records import Called, Finished, SourceKey, read_item
from streams.audit.report import Report
from streams.audit.verify import feed
from streams.books.windows import DAY, HOUR
from streams.events.headers import RUN
from streams.events.model import SkippedEvents, SkippedRun
from streams.events.sources import Sources
from streams.events.wire import encode_skipped
from tests.audit.scene import NOW, WINDOW, Scene, Written, settings_of, topics_for
from tests.audit.tampers import TAMPERS, Tamper, roll


@pytest.fixture
def scene() -> Scene:
    return Scene(topics_for(settings_of("test")))


def evidence_of(scene: Scene, **changes: Any) -> Evidence:
    """What a reader would have found, the finished tickets committed."""
    evidence = Evidence(
        Sources(scene.topics.input),
        WINDOW,
        **{"committed": dict.fromkeys(scene.partitions, scene.finished), **changes},
    )
    offsets: defaultdict[tuple[str, int], int] = defaultdict(int)
    for written in [*scene.inputs, *scene.outputs, *scene.rows]:
        record = written.read(offsets[written.topic, written.partition])
        offsets[written.topic, written.partition] += 1
        if written.topic == scene.topics.input:
            source = SourceKey(record.partition, record.offset)
            evidence.ledger.arrived(source, record.key, record.timestamp)
        else:
            feed(record, evidence, scene.topics, moved=False)
    return evidence


def failed(report: Report) -> set[str]:
    return {check.name for check in report.checks if not check.ok}


def test_an_honest_scene_keeps_every_promise(scene: Scene) -> None:
    report = evidence_of(scene).report()
    assert report.ok, report
    assert (report.tickets, report.unfinished, report.moving) == (10, 2, 0)
    lost, calls, spend = (report.check(name) for name in ("lost", "calls", "spend"))
    assert (lost.expected, lost.found) == (8, 8)
    assert calls.expected == scene.calls_recorded
    assert spend.expected == spend.found == scene.settled


@pytest.mark.parametrize("size", [HOUR, DAY])
def test_rows_that_moved_on_keep_every_promise(scene: Scene, size: int) -> None:
    roll(scene, size)
    report = evidence_of(scene).report()
    assert report.ok, report
    assert report.check("spend").found == scene.settled


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.name)
def test_what_is_wrong_is_named(scene: Scene, tamper: Tamper) -> None:
    tamper.apply(scene)
    report = evidence_of(scene).report()
    assert failed(report) == set(tamper.checks)
    assert any(tamper.culprit in c for c in report.check(tamper.checks[0]).culprits)


def test_a_ticket_above_the_commit_is_unfinished_not_lost(scene: Scene) -> None:
    TAMPERS[0].apply(scene)
    report = evidence_of(scene, committed={0: 4, 1: 2}).report()
    assert report.check("lost").ok
    assert report.unfinished == 3


def test_a_ticket_released_ahead_of_the_commit_is_fine(scene: Scene) -> None:
    report = evidence_of(scene, committed={0: 0, 1: 1}).report()
    assert report.ok
    assert report.unfinished == 2


def test_events_that_retention_deleted_are_no_trouble(scene: Scene) -> None:
    scene.inputs = []
    assert evidence_of(scene).report().ok


def test_a_ticket_older_than_retention_is_not_judged(scene: Scene) -> None:
    TAMPERS[0].apply(scene)
    report = evidence_of(scene, horizon=NOW + 1, rows_since=NOW / 1000 + WINDOW).report()
    assert report.ok
    assert report.notes


def test_rows_of_expired_windows_are_not_judged(scene: Scene) -> None:
    scene.rows = []
    assert not evidence_of(scene).report().ok
    assert evidence_of(scene, rows_since=NOW / 1000 + WINDOW).report().ok


@pytest.mark.parametrize("name", ["a wrong cost", "a tampered spend row", "done without a record"])
def test_what_moved_while_it_was_read_is_not_judged(scene: Scene, name: str) -> None:
    [tamper] = [tamper for tamper in TAMPERS if tamper.name == name]
    tamper.apply(scene)
    evidence = evidence_of(scene)
    for record in [*scene.outputs, scene.done(0, 4)]:
        evidence.move(read_item(record.read(1_000), scene.topics))
    report = evidence.report()
    assert report.ok
    assert report.moving > 0


def test_a_record_that_names_another_installation_is_not_judged_whatever_it_holds(
    scene: Scene,
) -> None:
    topics = scene.topics
    billing = topics.categories["billing"]
    result = next(record for record in scene.outputs if record.topic == billing)
    letter = next(record for record in scene.outputs if record.topic == topics.dead_letter)
    theirs = [
        replace(record, headers=[*record.headers, ("ticket-streams.app", b"other")])
        for record in (result, letter, Written(billing, 0, None, b"no routed ticket"))
    ]
    evidence = evidence_of(scene)
    for record in theirs:
        feed(record.read(99), evidence, topics, moved=False)
    assert evidence.report().ok
    assert evidence.report().others == len(theirs)


def test_a_record_that_names_us_and_another_input_topic_is_wrong(scene: Scene) -> None:
    other = Scene(replace(scene.topics, input="elsewhere"))
    record = next(r for r in other.outputs if r.topic == scene.topics.categories["billing"])
    ours = ("ticket-streams.app", scene.topics.app.encode())
    evidence = evidence_of(scene)
    feed(replace(record, headers=[ours]).read(99), evidence, scene.topics, moved=False)
    assert failed(evidence.report()) == {"readable"}


def test_movement_excuses_no_lost_ticket(scene: Scene) -> None:
    TAMPERS[0].apply(scene)
    evidence = evidence_of(scene)
    evidence.moving_sources.add(SourceKey(1, 2))
    assert failed(evidence.report()) >= {"lost"}


def test_a_dead_letter_costs_what_its_calls_say(scene: Scene) -> None:
    evidence = evidence_of(scene)
    [letter] = [
        item
        for record in scene.outputs
        if record.topic == scene.topics.dead_letter and record.partition == 0
        for item in [read_item(record.read(0), scene.topics)]
        if isinstance(item, Finished)
    ]
    evidence.ledger = type(evidence.ledger)(evidence.sources)
    evidence.ledger.finished(letter._replace(cost=7))
    assert evidence.report().check("costs").culprits == (
        f"{scene.topics.input}[0]@3: its calls less its record: -7 pico-dollars",
    )


def skipped_row(scene: Scene, first: int, last: int) -> Written:
    row = SkippedEvents(scene.topics.input, 0, NOW, (SkippedRun(first, last, "filtered"),))
    return Written(scene.topics.skipped, 0, None, encode_skipped(row))


def test_a_skipped_event_is_not_lost_and_costs_nothing(scene: Scene) -> None:
    scene.inputs += [scene.ticket(0, 5), scene.ticket(0, 6)]
    scene.outputs += [skipped_row(scene, 4, 6), *(scene.done(0, n) for n in (4, 5, 6))]
    report = evidence_of(scene, committed={0: 7, 1: 4}).report()
    assert failed(report) == set()
    assert report.skipped == 3
    assert report.check("lost").found == 7 + 4


def test_an_event_is_routed_or_skipped_and_not_both(scene: Scene) -> None:
    scene.outputs.append(skipped_row(scene, 2, 2))
    assert "duplicates" in failed(evidence_of(scene).report())


def test_a_skipped_event_that_a_call_was_paid_for_is_named(scene: Scene) -> None:
    [position] = [
        i for i, r in enumerate(scene.outputs)
        if r.topic in scene.topics.categories.values() and r.key == b"customer-1" and i < 9
    ]  # fmt: skip
    scene.outputs[position] = skipped_row(scene, 1, 1)
    assert {"costs", "tiers"} <= failed(evidence_of(scene).report())


def test_what_a_replay_sent_is_no_duplicate_and_not_ours(scene: Scene) -> None:
    copies = [
        replace(record, headers=[*record.headers, (RUN, b"r1")])
        for record in scene.outputs
        if record.topic in (*scene.topics.categories.values(), scene.topics.dead_letter)
    ]
    scene.outputs += copies
    assert failed(evidence_of(scene).report()) == set()
    scene.outputs = [r for r in scene.outputs if r.topic not in {c.topic for c in copies}] + copies
    assert "lost" in failed(evidence_of(scene).report())


def test_many_culprits_are_counted_and_ten_are_named(scene: Scene) -> None:
    evidence = evidence_of(scene, committed={0: 0, 1: 0})
    [call] = [
        item
        for record in scene.outputs[1:2]
        for item in [read_item(record.read(0), scene.topics)]
        if isinstance(item, Called)
    ]
    broken = replace(call.call, cost_picodollars=0)
    for number in range(25):
        evidence.take(Called(f"calls[0]@{number}", replace(broken, call_id=f"broken-{number}")))
    check = evidence.report().check("calls")
    assert (check.failures, len(check.culprits)) == (25, 10)


def account(calls: Mapping[Any, int], picodollars: int) -> dict[str, Any]:
    return {"calls": calls, "by_model": {"claude-haiku-5-5": {"picodollars": picodollars}}}


def test_the_account_agrees_when_the_api_charged_what_the_books_say(scene: Scene) -> None:
    report = evidence_of(scene).report(account({200: 2}, scene.settled), strict=True)
    assert report.ok
    assert report.unaccounted == {"calls": 0, "picodollars": 0}


def test_a_call_without_an_answer_may_have_been_charged(scene: Scene) -> None:
    charged = scene.settled + scene.unsettled
    report = evidence_of(scene).report(account({"200": 4}, charged), strict=True)
    assert report.ok
    assert report.unaccounted == {"calls": 0, "picodollars": 0}


def test_books_that_claim_more_than_the_api_fail(scene: Scene) -> None:
    report = evidence_of(scene).report(account({"200": 1}, scene.settled - 1))
    assert failed(report) == {"account_calls", "account_money", "account_models"}


def test_unaccounted_calls_are_reported_and_fail_only_when_strict(scene: Scene) -> None:
    charged = account({"200": 5, "429": 2}, scene.settled + scene.unsettled + 9)
    report = evidence_of(scene).report(charged)
    assert report.ok
    assert report.unaccounted == {"calls": 3, "picodollars": 9}
    strict = evidence_of(scene).report(charged, strict=True)
    assert failed(strict) == {"account_calls", "account_money", "account_models"}


def test_without_the_oldest_calls_nothing_is_said_about_the_account(scene: Scene) -> None:
    report = evidence_of(scene, calls_complete=False).report(account({}, 0))
    assert report.ok
    assert report.unaccounted is None
    assert report.notes


def test_the_report_is_json(scene: Scene) -> None:
    data = evidence_of(scene).report().as_json()
    assert data["ok"] is True
    assert {"name", "promise", "ok", "expected", "found", "culprits"} <= data["checks"][0].keys()
