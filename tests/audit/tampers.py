"""What can go wrong in a scene, and what verify must say of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from streams.books.changelog import (
    decode_count,
    decode_key,
    decode_spend,
    decode_window,
    encode_count,
    encode_key,
    encode_spend,
)
from streams.books.windows import DAY, HOUR, Window
from streams.events.model import RoutedTicket, Share
from streams.events.wire import decode_call, decode_routed, encode_call, encode_routed
from tests.audit.scene import MODEL, Scene, Written, call_of, paid


@dataclass(frozen=True)
class Tamper:
    """Breaks ``scene`` so that exactly ``checks`` fail and the first of them names ``culprit``."""

    name: str
    apply: Callable[[Scene], None]
    checks: tuple[str, ...]
    culprit: str


def _find(records: list[Written], topic: str, partition: int | None = None) -> int:
    places = [i for i, r in enumerate(records) if r.topic == topic]
    return next(i for i in places if partition is None or records[i].partition == partition)


def _routed(scene: Scene, partition: int, offset: int) -> tuple[int, RoutedTicket]:
    for i, record in enumerate(scene.outputs):
        if record.topic in scene.topics.categories.values() and record.value:
            routed = decode_routed(record.value)
            if (routed.source.partition, routed.source.offset) == (partition, offset):
                return i, routed
    raise AssertionError("no such ticket")


def _lose(scene: Scene) -> None:
    i, _ = _routed(scene, 1, 2)
    del scene.outputs[i : i + 2]  # with its done row


def _duplicate(scene: Scene) -> None:
    i, _ = _routed(scene, 0, 1)
    scene.outputs.append(scene.outputs[i])


def _tamper_row(scene: Scene) -> None:
    i = next(
        i
        for i, r in enumerate(scene.rows)
        if r.topic == scene.topics.spend and r.key and f"1|{MODEL}|billing".encode() in r.key
    )
    row = decode_spend(scene.rows[i].value or b"")
    scene.rows[i] = replace(scene.rows[i], value=encode_spend(row._replace(calls=row.calls + 1)))


def _remove_row(scene: Scene) -> None:
    i = _find(scene.rows, scene.topics.errors, 0)
    scene.rows.append(replace(scene.rows[i], value=None))


def _tamper_count(scene: Scene) -> None:
    i = _find(scene.rows, scene.topics.errors, 1)
    scene.rows[i] = replace(scene.rows[i], value=encode_count(9))


def _tamper_share(scene: Scene) -> None:
    i = _find(scene.outputs, scene.topics.calls, 1) + 1
    call = decode_call(scene.outputs[i].value or b"")
    shares = [call.shares[0]._replace(cost_picodollars=5), *call.shares[1:]]
    scene.outputs[i] = replace(scene.outputs[i], value=encode_call(replace(call, shares=shares)))


def _wrong_cost(scene: Scene) -> None:
    i, routed = _routed(scene, 0, 2)
    classification = replace(routed.classification, cost_picodollars=1)
    value = encode_routed(replace(routed, classification=classification), "avro")
    scene.outputs[i] = replace(scene.outputs[i], value=value)


def _change_call(scene: Scene, **changes: Any) -> None:
    """Of the answered call of partition 1."""
    i = _find(scene.outputs, scene.topics.calls, 1) + 1
    call = decode_call(scene.outputs[i].value or b"")
    scene.outputs[i] = replace(scene.outputs[i], value=encode_call(replace(call, **changes)))


def _wrong_price(scene: Scene) -> None:
    i = _find(scene.outputs, scene.topics.calls, 1) + 1
    call = decode_call(scene.outputs[i].value or b"")
    first = call.shares[0]._replace(cost_picodollars=call.shares[0].cost_picodollars + 1)
    _change_call(
        scene, cost_picodollars=call.cost_picodollars + 1, shares=[first, *call.shares[1:]]
    )


def _no_price(scene: Scene) -> None:
    _change_call(scene, model="claude-mystery")


def _unpriced(scene: Scene) -> None:
    call = call_of(scene.topics, 0, [Share(0, "billing", 0, 0, 0)], "odd", "unpriced_model")
    scene.outputs.append(Written(scene.topics.calls, 0, None, encode_call(call)))


def _change_result(scene: Scene, **changes: Any) -> None:
    """Of ticket 1 of partition 0."""
    i, routed = _routed(scene, 0, 1)
    classification = replace(routed.classification, **changes)
    value = encode_routed(replace(routed, classification=classification), "avro")
    scene.outputs[i] = replace(scene.outputs[i], value=value)


def _never_escalated(scene: Scene) -> None:
    _change_result(scene, tier="escalation")


def _not_cached(scene: Scene) -> None:
    _change_result(scene, tier="cache")


def _another_call(scene: Scene) -> None:
    _change_result(scene, call_id="call-1-1")


def _answered_twice(scene: Scene) -> None:
    shares = paid([Share(1, "billing", 40, 2, 0)])
    call = call_of(scene.topics, 0, shares, "call-0-2")
    scene.outputs.append(Written(scene.topics.calls, 0, None, encode_call(call)))


def _wrong_key(scene: Scene) -> None:
    i, _ = _routed(scene, 0, 0)
    scene.outputs[i] = replace(scene.outputs[i], key=b"somebody else")


def _wrong_topic(scene: Scene) -> None:
    i, _ = _routed(scene, 1, 0)
    scene.outputs[i] = replace(scene.outputs[i], topic=scene.topics.categories["account"])


def _same_call(scene: Scene) -> None:
    scene.outputs.append(scene.outputs[_find(scene.outputs, scene.topics.calls, 0)])


def _done_twice(scene: Scene) -> None:
    scene.outputs.append(scene.done(0, 1))


def _done_without_record(scene: Scene) -> None:
    scene.outputs.append(scene.done(0, 4))


def _garbage(scene: Scene) -> None:
    scene.outputs.append(Written(scene.topics.calls, 0, None, b"garbage"))


def _row_elsewhere(scene: Scene) -> None:
    i = _find(scene.rows, scene.topics.spend, 0)
    scene.rows[i] = replace(scene.rows[i], partition=1)
    assert decode_key(scene.rows[i].key or b"")[0].startswith("0|")


def roll(scene: Scene, size: int) -> None:
    """As workers do when the time of the windows is over: every row moves on."""
    moved: dict[tuple[str, bytes], Written] = {}
    for record in list(scene.rows):
        row, span = decode_window(record.key or b"")
        key = encode_key(row, *Window.of(span).inside(size).span)
        spends = record.topic == scene.topics.spend
        before = moved.get((record.topic, key))
        old = (before.value if before else None) or (b"[0,0,0,0,0,0,0,0]" if spends else b"0")
        new = record.value or b""
        if spends:
            value = encode_spend(decode_spend(old).plus(decode_spend(new)))
        else:
            value = encode_count(decode_count(old) + decode_count(new))
        moved[record.topic, key] = replace(record, key=key, value=value)
        scene.rows.append(replace(record, value=None))
    scene.rows += moved.values()


def _tamper_hour(scene: Scene) -> None:
    roll(scene, HOUR)
    i = max(i for i, r in enumerate(scene.rows) if r.topic == scene.topics.spend)
    spend = decode_spend(scene.rows[i].value or b"")
    more = spend._replace(picodollars=spend.picodollars + 1)
    scene.rows[i] = replace(scene.rows[i], value=encode_spend(more))


def _copy_to_day(scene: Scene) -> None:
    """Copied, not moved: a dollar in two rows."""
    kept = list(scene.rows)
    roll(scene, DAY)
    scene.rows = [*kept, *(r for r in scene.rows if r.value is not None and r not in kept)]


TAMPERS = [
    Tamper("a lost ticket", _lose, ("lost", "spend"), "tickets[1]@2"),
    Tamper("a ticket twice", _duplicate, ("duplicates", "spend"), "tickets[0]@1: again at"),
    Tamper("a tampered spend row", _tamper_row, ("spend",), "calls 2 instead of 1"),
    Tamper("a tampered hour", _tamper_hour, ("spend",), " of the hour "),
    Tamper("rows copied to their day", _copy_to_day, ("spend", "errors"), " of the day "),
    Tamper("a removed errors row", _remove_row, ("errors",), "0 instead of 1"),
    Tamper("a tampered count", _tamper_count, ("errors",), "9 instead of 1"),
    Tamper("a tampered share", _tamper_share, ("calls", "costs", "spend"), "-app-calls[1]@"),
    Tamper(
        "a wrong cost",
        _wrong_cost,
        ("costs",),
        "[0]@2: its calls less its record: +20381208 pico",
    ),
    Tamper("a wrong price", _wrong_price, ("priced", "costs", "spend"), "-app-calls[1]@"),
    Tamper("a model without a price", _no_price, ("priced", "spend"), "'claude-mystery'"),
    Tamper(
        "an unpriced call",
        _unpriced,
        ("priced", "spend", "errors"),
        "answered by a model without a price",
    ),
    Tamper(
        "no escalation", _never_escalated, ("tiers", "spend"), "[0]@1: answered by the escalation"
    ),
    Tamper("no cached answer", _not_cached, ("tiers", "spend"), "[0]@1: answered without a call"),
    Tamper("another call", _another_call, ("tiers",), "[0]@1: the call that it names"),
    Tamper(
        "two answers of a tier",
        _answered_twice,
        ("answers", "tiers", "costs", "spend"),
        "tickets[0]@1 was answered before",
    ),
    Tamper("a wrong key", _wrong_key, ("keys",), "not the key of"),
    Tamper("a wrong topic", _wrong_topic, ("topics",), "tickets.account[0]@"),
    Tamper("a call twice", _same_call, ("call_ids", "spend", "errors"), "call-0-0 again"),
    Tamper("a ticket done twice", _done_twice, ("done",), "tickets[0]@1: again at"),
    Tamper("done without a record", _done_without_record, ("done",), "tickets[0]@4: done, but"),
    Tamper("a call that cannot be read", _garbage, ("readable",), "-app-calls[0]@"),
    Tamper("a row of another partition", _row_elsewhere, ("readable",), "a row of partition 0"),
]
NAMED_IN_KAFKA = [
    "a lost ticket",
    "a ticket twice",
    "a tampered spend row",
    "a tampered hour",
    "a tampered share",
    "a wrong price",
    "a wrong cost",
]
