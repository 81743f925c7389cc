import random
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from streams.audit.checks import Evidence
from streams.events.sources import Sources
from streams.local.promises import Promises, Verdict
from tests.audit.scene import MODEL, WINDOW, Scene, Written, settings_of, topics_for
from tests.audit.tampers import TAMPERS, Tamper

COMMITTED = {0: 4, 1: 4}
HONEST = Scene(topics_for(settings_of("panel")))


def scene_at_rest() -> Scene:
    """Nothing waits: each ticket is out."""
    scene = Scene(topics_for(settings_of("panel")))
    scene.inputs = [scene.ticket(p, offset) for p in scene.partitions for offset in range(4)]
    return scene


def account(picodollars: int = Scene.settled, calls: int = 2) -> dict[str, Any]:
    return {"calls": {"200": calls}, "by_model": {MODEL: {"picodollars": picodollars}}}


def read(records: list[Written]) -> list[ConsumerRecord]:
    """As consumers get them: offsets grow by one in each partition."""
    ends: dict[tuple[str, int], int] = {}
    found = []
    for record in records:
        place = record.topic, record.partition
        found.append(record.read(ends.get(place, 0)))
        ends[place] = ends.get(place, 0) + 1
    return found


def promises(*batches: list[ConsumerRecord]) -> Promises:
    one = Promises(HONEST.topics, Evidence(Sources(HONEST.topics.input), WINDOW, {}))
    for batch in batches:
        one.take(batch)
    return one


def judge(one: Promises, *, at_rest: bool = True, **api: int) -> Verdict:
    return one.judge(COMMITTED, account(**api), at_rest=at_rest)


def test_all_checks_of_verify_are_made_once_everything_is_out() -> None:
    scene = scene_at_rest()
    verdict = judge(promises(read([*scene.inputs, *scene.outputs, *scene.rows])))
    assert (verdict.state, verdict.broken) == ("holds", ())
    assert (verdict.tickets, verdict.finished, verdict.in_flight) == (8, 8, 0)
    assert verdict.checks > 15
    assert verdict.books == verdict.api == Scene.settled
    assert verdict.unsettled == Scene.unsettled


def test_tickets_in_flight_are_not_lost_and_nothing_is_said_to_be_complete() -> None:
    one = promises(read(HONEST.inputs))
    verdict = one.judge({}, account(0, 0), at_rest=True)
    assert (verdict.state, verdict.lost, verdict.in_flight, verdict.checks) == (
        "settling",
        0,
        10,
        0,
    )


def test_calls_in_flight_are_no_missing_money() -> None:
    scene = scene_at_rest()
    one = promises(read([*scene.inputs, *scene.outputs, *scene.rows]))
    ahead = Scene.settled + Scene.unsettled + 1
    assert judge(one, at_rest=False, picodollars=ahead, calls=9).state == "settling"


def test_money_that_no_book_tells_of_is_a_violation_at_rest() -> None:
    scene = scene_at_rest()
    one = promises(read([*scene.inputs, *scene.outputs, *scene.rows]))
    assert judge(one, picodollars=Scene.settled + Scene.unsettled).state == "holds"
    verdict = judge(one, picodollars=Scene.settled + Scene.unsettled + 1)
    assert (verdict.state, verdict.checks > 0) == ("broken", True)


def test_money_that_the_api_never_charged_is_one_at_any_time() -> None:
    one = promises(read([*HONEST.inputs, *HONEST.outputs]))
    verdict = judge(one, at_rest=False, picodollars=Scene.settled - 1)
    assert (verdict.state, verdict.difference) == ("broken", -1)
    assert "1 pico-dollars that the API never charged" in verdict.broken[0]


def test_a_ticket_below_the_committed_offset_without_a_record_is_lost_at_any_time() -> None:
    outputs = [record for record in HONEST.outputs if record.key != b"customer-1"]
    one = promises(read([*HONEST.inputs, *outputs]))
    verdict = judge(one, at_rest=False)
    assert (verdict.state, verdict.lost, verdict.in_flight) == ("broken", 2, 2)
    assert one.judge({0: 1, 1: 1}, account(), at_rest=False).lost == 0


def test_a_record_that_is_there_twice_is_a_duplicate_at_any_time() -> None:
    records = read([*HONEST.inputs, *HONEST.outputs])
    routed = next(r for r in records if r.topic in HONEST.topics.categories.values())
    one = promises(records)
    assert judge(one, at_rest=False).state == "settling"
    one.take([routed])
    verdict = judge(one, at_rest=False)
    assert (verdict.state, verdict.duplicates, verdict.in_flight) == ("broken", 1, 2)


# The one left out is about a ticket that is not out yet: then there is no rest.
@pytest.mark.parametrize(
    "tamper", [t for t in TAMPERS if t.name != "done without a record"], ids=lambda t: t.name
)
def test_whatever_verify_finds_the_panel_shows(tamper: Tamper) -> None:
    scene = scene_at_rest()
    tamper.apply(scene)
    verdict = judge(promises(read([*scene.inputs, *scene.outputs, *scene.rows])))
    assert verdict.state == "broken"
    assert verdict.checks


def test_the_order_of_the_topics_does_not_matter() -> None:
    scene = scene_at_rest()
    records = read([*scene.inputs, *scene.outputs, *scene.rows])
    for seed in range(20):
        topics = sorted({record.topic for record in records})
        random.Random(seed).shuffle(topics)
        batches = [[r for r in records if r.topic == topic] for topic in topics]
        verdict = judge(promises(*batches))
        assert (verdict.state, verdict.in_flight) == ("holds", 0)


def test_money_is_told_as_text() -> None:
    told = Verdict("holds", books=2**60, api=2**60 + 1).as_json()
    assert (told["books"], told["difference"]) == (str(2**60), "1")
